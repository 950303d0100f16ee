package authproxy

import (
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// gate is a compiled configuration: all that decides a request. It is shared by
// every router that uses the same configuration under the same name, and never
// changes but for its routes.
type gate struct {
	name     string
	verifier *verifier
	routes   *routeTable
	warm     *warmTable // nil: every request goes the whole way
	userID   string     // the header of the user id
	identity *identityHeaders
	answers  map[int]*answer
	refusals map[string]*answer // by reason; see turnsAway
	log      *slog.Logger
	debug    bool

	shadow               bool
	mode                 string // for the decision log
	forwardAuthorization bool
	allowPreflight       bool
	recalls              bool // verified tokens
	headerOnly           bool // the token may be in the Authorization header only
	cookieName           string
	queryParam           string
	logRefused, logAll   bool
}

// decision is what becomes of a request: a value, not an error. Where it could not
// be decided, the reason is reasonKeysUnavailable.
type decision struct {
	passes    bool
	reason    string
	rule      *rule      // that decided; nil where none was asked
	principal *principal // nil without a good token
	attempt   *attempt
	tried     []triedRule
}

// triedRule is a shadow rule with what it would have said; reason is "" where it
// would have let the request pass.
type triedRule struct {
	rule   *rule
	reason string
}

// statusOf is a reason's status code; RFC 6750 section 3.1.
func statusOf(reason string) int {
	switch reason {
	case reasonPublic, reasonGranted, reasonPreflight:
		return http.StatusOK
	case reasonBadPath, reasonManyTokens, reasonBadHeader:
		return http.StatusBadRequest
	case reasonNoRule, reasonRoles, reasonScopes:
		return http.StatusForbidden
	case reasonKeysUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusUnauthorized
}

// newAnswers prepares the refusals. Where the request carried no token, the
// challenge has no error code: that answer is filed under 0.
func newAnswers(realm string) map[int]*answer {
	return map[int]*answer{
		0:                             newAnswer(http.StatusUnauthorized, challenge(realm, "")),
		http.StatusBadRequest:         newAnswer(http.StatusBadRequest, challenge(realm, "invalid_request")),
		http.StatusUnauthorized:       newAnswer(http.StatusUnauthorized, challenge(realm, "invalid_token")),
		http.StatusForbidden:          newAnswer(http.StatusForbidden, challenge(realm, "insufficient_scope")),
		http.StatusServiceUnavailable: newAnswer(http.StatusServiceUnavailable, ""),
	}
}

// newRefusals files the answers by reason, for the reasons that need nothing but an
// answer.
func newRefusals(answers map[int]*answer) map[string]*answer {
	refusals := map[string]*answer{reasonNoToken: answers[0]}
	for _, reason := range []string{
		reasonManyTokens, reasonBadHeader, reasonTooLong, reasonShape, reasonHeader, reasonAlgorithm,
		reasonMissingKeyID, reasonUnknownKey, reasonKeyMismatch, reasonSignature, reasonClaims, reasonIssuer,
		reasonTime, reasonExpired, reasonNotYet, reasonAudience, reasonType, reasonBound, reasonParty, reasonRoles,
	} {
		refusals[reason] = answers[statusOf(reason)]
	}
	return refusals
}

// realmOf is the name that challenges give: Keycloak's realm, else the host.
func realmOf(issuer string) string {
	u, err := url.Parse(issuer)
	if err != nil {
		return "authproxy"
	}
	path := strings.TrimRight(u.Path, "/")
	at := strings.LastIndexByte(path, '/')
	if at < 0 || at == len(path)-1 {
		return u.Host
	}
	return path[at+1:]
}

// decide fills in what the rules of a route say, asking for the token where they
// want one. It is a function with a short text, as are those on a token's first way
// through: the interpreter pays for methods, and for lines that do not run.
func decide(g *gate, r *http.Request, rt *route, d *decision) {
	if !rt.simple {
		decideAll(g, r, rt, d)
		return
	}
	if g.allowPreflight {
		decideAll(g, r, rt, d)
		return
	}
	d.rule = rt.rule
	if rt.public {
		pass(d, reasonPublic)
		return
	}
	d.principal = authenticate(g, r, d.attempt)
	if d.principal == nil {
		d.reason = d.attempt.reason
		return
	}
	d.reason = reasonRoles
	if holdsAny(d.principal.roles, rt.roles) {
		pass(d, reasonGranted)
	}
}

func pass(d *decision, reason string) {
	d.passes = true
	d.reason = reason
}

// decideAll is decide for routes with several rules, or with rules that say more
// than roles.
func decideAll(g *gate, r *http.Request, rt *route, d *decision) {
	if rt.bad {
		d.reason = reasonBadPath
		return
	}
	if g.allowPreflight && isPreflight(r) {
		pass(d, reasonPreflight)
		return
	}
	chosen := rt.chooseFor(r)
	if chosen.public && len(chosen.tried) == 0 {
		d.rule = chosen.enforced[0]
		pass(d, reasonPublic)
		return
	}
	d.principal = authenticate(g, r, d.attempt)
	if d.principal != nil {
		settle(d.principal)
	}
	for _, ru := range chosen.tried {
		d.tried = append(d.tried, triedRule{rule: ru, reason: verdict(ru, d.principal, d.attempt.reason)})
	}
	if chosen.public {
		d.rule = chosen.enforced[0]
		if d.rule != openWhereTried {
			d.principal = nil // the token was looked at for the trial only
		}
		pass(d, reasonPublic)
		return
	}
	for _, ru := range chosen.enforced {
		d.rule = ru
		d.reason = verdict(ru, d.principal, d.attempt.reason)
		if d.reason != "" {
			return
		}
	}
	pass(d, reasonGranted)
}

// verdict is why a rule refuses, "" if it does not. refused is why there is no
// principal.
func verdict(ru *rule, p *principal, refused string) string {
	if ru.public {
		return ""
	}
	if p == nil {
		return refused
	}
	return ru.refuses(p)
}

// requestedMethod is the header that makes a request a CORS preflight.
const requestedMethod = "Access-Control-Request-Method"

// isPreflight reports whether a request is a CORS preflight (Fetch standard, "CORS
// preflight request"), and carries nothing else.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" &&
		r.Header.Get(requestedMethod) != "" &&
		r.ContentLength == 0 && len(r.TransferEncoding) == 0
}

// carryOut does what was decided, and reports whether the request may go on.
func carryOut(g *gate, w http.ResponseWriter, r *http.Request, d *decision) bool {
	if !d.passes || g.logAll || d.tried != nil {
		record(g, r, d)
	}
	if !d.passes && !g.shadow {
		answerRefused(g, w, r, d)
		return false
	}
	if d.principal != nil {
		setIdentity(g, r.Header, d.principal.user, d.principal.further)
	}
	if !g.forwardAuthorization {
		g.withdrawToken(r)
	}
	return true
}

// answerRefused answers a request that may not go on.
func answerRefused(g *gate, w http.ResponseWriter, r *http.Request, d *decision) {
	status := statusOf(d.reason)
	retry := ""
	if status == http.StatusServiceUnavailable {
		retry = strconv.Itoa(int((d.attempt.retryAfter + time.Second - 1) / time.Second))
	}
	if d.reason == reasonNoToken {
		status = 0
	}
	writeAnswer(g.answers[status], w, r, retry)
}

// record writes what was decided to the logs, as far as they are on.
func record(g *gate, r *http.Request, d *decision) {
	if g.debug && d.attempt.reason != "" {
		g.log.Debug("token refused", "reason", d.attempt.reason, "kid", clip(d.attempt.kid),
			"iss", clip(d.attempt.issuer), "azp", clip(d.attempt.party))
	}
	if !g.logRefused {
		return
	}
	if !d.passes {
		// Asked before anything is made ready: in a flood nearly all are left out.
		leftOut := admit(decisions, d.reason)
		if leftOut >= 0 {
			writeLine(g, r, d, d.rule, d.reason, g.mode, leftOut)
		}
	} else if g.logAll {
		writeLine(g, r, d, d.rule, d.reason, g.mode, 0)
	}
	for _, tried := range d.tried {
		recordTrial(g, r, d, tried)
	}
}

// recordTrial writes what a rule on trial would have said.
func recordTrial(g *gate, r *http.Request, d *decision, tried triedRule) {
	if tried.reason != "" {
		leftOut := admit(decisions, tried.reason)
		if leftOut >= 0 {
			writeLine(g, r, d, tried.rule, tried.reason, modeShadow, leftOut)
		}
	} else if g.logAll {
		writeLine(g, r, d, tried.rule, reasonGranted, modeShadow, 0)
	}
}

// writeLine writes one line of the decision log.
func writeLine(g *gate, r *http.Request, d *decision, ru *rule, reason, mode string, leftOut int) {
	line := decisionLine{
		Level:      "INFO",
		Message:    "decision",
		Middleware: g.name,
		Host:       clip(r.Host),
		Method:     clip(r.Method),
		Path:       clip(receivedPath(r)),
		Outcome:    "allow",
		Reason:     reason,
		KeyID:      clip(d.attempt.kid),
		Mode:       mode,
		Cached:     d.attempt.cached,
		LeftOut:    leftOut,
	}
	status := statusOf(reason)
	if status != http.StatusOK {
		line.Outcome = "deny"
		line.Status = status
	}
	if status == http.StatusServiceUnavailable {
		line.Outcome = "error"
	}
	if ru != nil {
		line.Rule = clip(ru.name)
	}
	if d.principal != nil {
		settle(d.principal)
		line.Subject = clip(d.principal.subject)
		line.Party = clip(d.principal.party)
		line.KeyID = clip(d.principal.known.header.kid)
	}
	writeDecision(line, time.Now())
}

// receivedPath is the target's path as the plugin received it, without the query,
// which may hold a secret.
func receivedPath(r *http.Request) string {
	raw := r.RequestURI
	if raw == "" {
		raw = r.URL.EscapedPath()
	}
	path, _, _ := strings.Cut(raw, "?")
	return path
}
