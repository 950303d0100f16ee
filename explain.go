package authproxy

import (
	"context"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
)

// What is in this file serves those who keep a policy, such as the command in
// cmd/authproxy: it asks the middleware's own code, without a request. The
// middleware itself uses none of it.

// Policy is a role mapping file as the middleware compiles it. It is immutable, so
// its methods may be called concurrently. What they return shares lists with it and
// must not be changed.
type Policy struct {
	file    string
	policy  *policy
	sources []ruleSource
	counted []string // the clients whose roles count beside the realm's
	written map[string]RuleConfig
}

// Finding is something to tell about a policy file.
type Finding struct {
	Line     int    `json:"line,omitempty"` // from 1; 0: the file as a whole
	Severity string `json:"severity"`       // "error": the middleware refuses the file; "warning": it logs it
	Text     string `json:"text"`           // what is wrong and what is wanted, without file and line
}

// LoadPolicy reads a role mapping file as roleMappingFile would be read. The policy
// is nil where a finding is an error; the error says that the file cannot be read at
// all, or has more than 1 MiB. The findings are sorted by line. Of the configuration,
// which must not be nil, only what shapes a policy counts: Unmatched,
// CaseInsensitivePaths, and ClientRoles, else Audience, for the clients whose roles
// count beside the realm's.
func LoadPolicy(file string, config *Config) (*Policy, []Finding, error) {
	text, err := readLimited(file, maxMappingBytes)
	if err != nil {
		return nil, nil, err
	}
	found := &findings{}
	oneOf("unmatched", config.Unmatched, []string{unmatchedDeny, unmatchedPassGood}, found)
	p := &Policy{file: file, counted: config.ClientRoles, written: map[string]RuleConfig{}}
	if len(p.counted) == 0 {
		p.counted = config.Audience
	}
	p.sources = parseMapping(file, text, found)
	for _, source := range p.sources {
		p.written[source.where+"\x00"+source.config.Path] = source.config
	}
	options := policyOptions{authenticated: config.Unmatched == unmatchedPassGood, fold: config.CaseInsensitivePaths}
	p.policy = compilePolicy(p.sources, options, found)
	if len(found.problems) == 0 {
		lintPrefixes(p.policy, found)
	}
	var list []Finding
	for _, problem := range found.problems {
		list = append(list, newFinding(file, "error", problem))
	}
	for _, warning := range found.warnings {
		list = append(list, newFinding(file, "warning", warning))
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].Line < list[j].Line })
	if len(found.problems) > 0 {
		return nil, list, nil
	}
	return p, list, nil
}

func newFinding(file, severity, message string) Finding {
	line, text := cutLine(file, message)
	return Finding{Line: line, Severity: severity, Text: text}
}

// cutLine takes "file:7: " off a message; the line is 0 where it names none.
func cutLine(file, message string) (int, string) {
	rest := strings.TrimPrefix(message, file+":")
	if rest == message {
		return 0, message
	}
	rest = strings.TrimPrefix(rest, " line ")
	digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	line, err := strconv.Atoi(digits)
	if err != nil {
		return 0, strings.TrimSpace(rest)
	}
	return line, strings.TrimLeft(rest[len(digits):], ": ")
}

// PolicyRule is a rule with the place where it stands.
type PolicyRule struct {
	Name   string     `json:"name"`             // as logs give it: the rule's name, else its path
	Source string     `json:"source,omitempty"` // such as "role_mapping.yaml:7"; "" for what decides where no rule matches
	Line   int        `json:"line,omitempty"`   // from 1; 0 for what decides where no rule matches
	Config RuleConfig `json:"config"`           // as written; an empty list of a role mapping is Public
}

// Rules returns the rules in the order of the file.
func (p *Policy) Rules() []PolicyRule {
	rules := make([]PolicyRule, 0, len(p.sources))
	for _, source := range p.sources {
		line, _ := cutLine(p.file, source.where)
		rule := PolicyRule{Name: source.config.Name, Source: source.where, Line: line, Config: source.config}
		if rule.Name == "" {
			rule.Name = source.config.Path
		}
		rules = append(rules, rule)
	}
	return rules
}

func (p *Policy) describe(ru *rule) PolicyRule {
	line, _ := cutLine(p.file, ru.source)
	config := p.written[ru.source+"\x00"+ru.path]
	if ru.source == "" {
		config = RuleConfig{Public: ru.public, Authenticated: !ru.public && !ru.deny}
	}
	return PolicyRule{Name: ru.name, Source: ru.source, Line: line, Config: config}
}

// Access is what a token gives a request. No *Access at all is a request without a
// token, the zero value a good token without roles.
type Access struct {
	Roles       []string            `json:"roles,omitempty"`       // the realm's, and whatever else counts
	ClientRoles map[string][]string `json:"clientRoles,omitempty"` // by client; those of the clients that count need not be in Roles
	Scopes      []string            `json:"scopes,omitempty"`      // of the claim `scope` (RFC 8693 section 4.2)
	Refused     string              `json:"refused,omitempty"`     // why the token is refused: a reason word; the rest does not count then
}

// principal turns it into what rules are asked with, by way of the claims.
func (a *Access) principal(counted []string) *principal {
	clients := map[string]interface{}{}
	for client, roles := range a.ClientRoles {
		clients[client] = map[string]interface{}{"roles": anyList(roles)}
	}
	claims := map[string]interface{}{
		"realm_access":    map[string]interface{}{"roles": anyList(a.Roles)},
		"resource_access": clients,
		"scope":           strings.Join(a.Scopes, " "),
	}
	return &principal{
		roles:  collectRoles(claims, counted, nil),
		access: clients,
		scope:  textOf(claims["scope"]),
	}
}

func anyList(list []string) []interface{} {
	out := make([]interface{}, 0, len(list))
	for _, text := range list {
		out = append(out, text)
	}
	return out
}

// Explanation is what the middleware decides about a request, and why. It leaves out
// what is not the policy's: allowPreflight, mode, and headers that override the
// method.
type Explanation struct {
	Method   string       `json:"method"`   // as asked
	Target   string       `json:"target"`   // as asked, percent-encoded
	Readings []Reading    `json:"readings"` // none where the path cannot be read
	Enforced []PolicyRule `json:"enforced"` // all of these must let the request pass
	Trials   []Trial      `json:"trials"`   // rules in shadow mode with what they would say
	Rule     *PolicyRule  `json:"rule"`     // the one of Enforced that decides; nil where the path cannot be read
	Outcome  string       `json:"outcome"`  // "allow" or "deny"
	Status   int          `json:"status"`   // of the refusal; 200 where the request passes
	Reason   string       `json:"reason"`   // the decision log's word
}

// Reading is one way in which a service may understand the path, with the rules that
// match it, the most specific first.
type Reading struct {
	// Path is decoded as that service would do it, so that escapes may be left in it;
	// where CaseInsensitivePaths is set, its letters are folded.
	Path string `json:"path"`
	// Rules end with one that is enforced for all methods.
	Rules []Candidate `json:"rules"`
}

// Candidate is a rule that matches a reading.
type Candidate struct {
	Name   string `json:"name"`             // as PolicyRule.Name
	Source string `json:"source,omitempty"` // as PolicyRule.Source
	// Part is "decides" for the rule that this reading comes to, "trial" for a rule in
	// shadow mode above it, "method" for one of other methods, and "beneath" for one
	// that would be next.
	Part string `json:"part"`
}

// Trial is a rule in shadow mode.
type Trial struct {
	Rule   PolicyRule `json:"rule"`
	Reason string     `json:"reason"` // the log's word; "granted" where it would let the request pass
}

// Explain decides a request by its method and its target as the request line gives
// it (RFC 9112 section 3.2), percent-encoded, with or without a query. Traefik
// cleans the target before the middleware sees it; what is given here is taken as it
// is. The result is never nil: a target that cannot be read is refused in it, too.
func (p *Policy) Explain(method, target string, who *Access) *Explanation {
	e := &Explanation{Method: method, Target: target, Readings: []Reading{}, Enforced: []PolicyRule{}, Trials: []Trial{}}
	u, err := url.ParseRequestURI(target)
	if err != nil {
		e.conclude(reasonBadPath)
		return e
	}
	raw, other := forwardedPath(&http.Request{Method: method, URL: u, RequestURI: target})
	paths, err := p.policy.readingsOf(raw, other)
	if err != nil {
		e.conclude(reasonBadPath)
		return e
	}
	known := map[string]bool{}
	for _, path := range paths {
		if !known[path] {
			e.Readings = append(e.Readings, Reading{Path: path, Rules: p.candidates(path, method)})
		}
		known[path] = true
	}
	p.decide(e, newRoute(p.policy, raw, other).choose(method), who)
	return e
}

// candidates lists the rules of one reading with the part that each plays.
func (p *Policy) candidates(path, method string) []Candidate {
	list := p.policy.candidates(path)
	chosen := chooseRules([][]*rule{list}, method)
	var candidates []Candidate
	decided := false
	for _, ru := range list {
		part := "beneath"
		switch {
		case decided:
		case !ru.appliesTo(method):
			part = "method"
		case ru.shadow:
			part = "trial"
		default:
			part = "decides"
			decided = true
			ru = chosen.enforced[0]
		}
		candidates = append(candidates, Candidate{Name: ru.name, Source: ru.source, Part: part})
	}
	return candidates
}

// decide asks the rules as gate.decide does.
func (p *Policy) decide(e *Explanation, chosen choice, who *Access) {
	refused := reasonNoToken
	var pr *principal
	if who != nil {
		refused = who.Refused
		if refused == "" {
			pr = who.principal(p.counted)
		}
	}
	for _, ru := range chosen.enforced {
		e.Enforced = append(e.Enforced, p.describe(ru))
	}
	for _, ru := range chosen.tried {
		reason := verdict(ru, pr, refused)
		if reason == "" {
			reason = reasonGranted
		}
		e.Trials = append(e.Trials, Trial{Rule: p.describe(ru), Reason: reason})
	}
	if chosen.public {
		e.Rule = &e.Enforced[0]
		e.conclude(reasonPublic)
		return
	}
	for i, ru := range chosen.enforced {
		e.Rule = &e.Enforced[i]
		reason := verdict(ru, pr, refused)
		if reason != "" {
			e.conclude(reason)
			return
		}
	}
	e.conclude(reasonGranted)
}

func (e *Explanation) conclude(reason string) {
	e.Reason = reason
	e.Status = statusOf(reason)
	e.Outcome = "deny"
	if e.Status == http.StatusOK {
		e.Outcome = "allow"
	}
}

// TokenReport is what the middleware makes of a token.
type TokenReport struct {
	// Header is the JOSE header (RFC 7515 section 4) as it can be read, before any
	// check; numbers are json.Number. It is nil where it cannot be read, where the
	// payload is not base64url, and where the token is longer than MaxTokenBytes.
	Header map[string]interface{} `json:"header"`
	// Claims are the payload (RFC 7519 section 4), read as Header is and nil where that
	// fails. Unless Verified, anybody may have written them.
	Claims map[string]interface{} `json:"claims"`
	// Verified says that the signature is good under the issuer's keys.
	Verified bool `json:"verified"`
	// Reason is why the token is refused: the log's word. It is "" where it is not; also
	// where there were no keys and nothing else is wrong.
	Reason string `json:"reason"`
	// Checks are the middleware's in its order. Those after the first refusal are made
	// as well, as far as that makes sense.
	Checks   []TokenCheck      `json:"checks"`
	Access   *Access           `json:"access"`   // nil where the token is refused
	Identity map[string]string `json:"identity"` // the headers that the service gets; never nil
}

// TokenCheck is one check of a token.
type TokenCheck struct {
	// Name is "shape", "header", "key", "signature", "claims", "issuer", "bound",
	// "type", "time", "audience" or "party".
	Name    string `json:"name"`
	Outcome string `json:"outcome"`          // "ok", "refused" or "unchecked"
	Reason  string `json:"reason,omitempty"` // the log's word where it is refused, else ""
}

// unnamedIssuer stands for the issuer where neither configuration nor token names
// one.
const unnamedIssuer = "https://issuer.invalid"

// CheckToken verifies a token, given without "Bearer", as the middleware of a
// configuration would. The keys are those of PreloadFile where it is set; else the
// issuer is asked over the network, for no longer than JWKSTimeout and ctx allow.
// Where Issuer, KeycloakURL and Realm are empty there are no keys: nobody is asked,
// the signature is not checked, and the issuer is taken to be the token's own. Where
// Audience is empty it is not checked. Issuers and the rules do not count. The
// configuration must not be nil; it is not changed.
//
// The error says that the configuration is wrong or that the keys cannot be had. A
// token that is refused is no error: the report says so.
func CheckToken(ctx context.Context, config *Config, token string) (*TokenReport, error) {
	head, rest, _ := strings.Cut(token, ".")
	body, _, _ := strings.Cut(rest, ".")
	payload, shapeErr := strictBase64.DecodeString(body)

	c := *config
	c.Issuers = nil
	c.Unmatched = unmatchedPassGood // there are no rules, on purpose
	c.SkipAudienceCheck = c.SkipAudienceCheck || len(c.Audience) == 0
	keyless := c.Issuer == "" && c.KeycloakURL == "" && c.Realm == ""
	if keyless {
		c.Issuer = unnamedIssuer
	}
	found := &findings{}
	checked := c.check(found)
	if len(found.problems) > 0 {
		return nil, configError(found.problems)
	}
	if own := issuerOf(payload); keyless && own != "" {
		checked.issuers[0].keys.issuer = own
	}
	v, err := verifierNow(ctx, &c, checked, keyless)
	if err != nil {
		return nil, err
	}

	report := &TokenReport{Checks: []TokenCheck{}, Identity: map[string]string{}}
	a := &attempt{}
	asking := (&http.Request{}).WithContext(ctx)
	p := verify(asking, v, token, a)
	report.Reason = a.reason
	report.Verified = p != nil || a.signed
	header := &joseHeader{}
	if a.reason == reasonTooLong || shapeErr != nil {
		report.checkEarly(keyless)
		return report, nil
	}
	text, err := strictBase64.DecodeString(head)
	if err == nil {
		report.Header = exactClaims(text)
	}
	report.Claims = exactClaims(payload)
	read, reason := v.header(head)
	if reason == "" {
		header = read
	}
	claims, claimsErr := decodeObject(payload, maxClaimsNesting)
	if keyless && (report.Reason == reasonIssuer || tokenStage(report.Reason) == stageKey) {
		// All but the key was in order so far; go on as if the signature were good.
		report.Reason = reasonClaims
		if claimsErr == nil {
			again := &attempt{}
			p = accept(v, claims, v.only, &knownHead{header: header}, secondsNow(), again)
			report.Reason = again.reason
			if p != nil {
				fillFurther(v, p, claims, payload)
			}
		}
	}
	report.checkEarly(keyless)
	if claimsErr != nil {
		report.check("claims", reasonClaims)
		return report, nil
	}
	report.check("claims", "")
	report.checkClaims(v, claims, header)
	if keyless {
		report.leaveOpen("issuer")
	}
	if c.SkipAudienceCheck {
		report.leaveOpen("audience")
	}
	if report.Reason == "" {
		settle(p)
		report.Access = accessOf(p)
		for _, id := range p.further {
			report.Identity[id.name] = id.value
		}
		if p.user != "" {
			report.Identity[v.identity[0].header] = p.user
		}
	}
	return report, nil
}

// verifierNow makes a verifier of its own, with keys that are there already and
// never change.
func verifierNow(ctx context.Context, c *Config, checked *checkedConfig, keyless bool) (*verifier, error) {
	config := checked.issuers[0].keys
	source, err := newKeySource(config)
	if err != nil {
		return nil, err
	}
	switch {
	case keyless:
		source.take(&keySet{byID: map[string][]*key{}, fingerprints: map[string]bool{}})
	case c.PreloadFile == "":
		limited, cancel := context.WithTimeout(ctx, config.timeout)
		set, err := source.fetch(limited)
		cancel()
		if err != nil {
			return nil, err
		}
		source.take(set)
	}
	source.stopped = true // it fetches nothing of its own accord
	own := newRegistry()
	own.sources[config.id()] = source
	_, v, err := own.verifier(c, checked)
	if err != nil {
		return nil, err
	}
	return v, nil
}

// The checks before the claims, in the order of verify.
const (
	stageShape = iota
	stageHeader
	stageKey
	stageSignature
	stageClaims
)

var earlyChecks = []string{"shape", "header", "key", "signature"}

func tokenStage(reason string) int {
	switch reason {
	case reasonTooLong, reasonShape:
		return stageShape
	case reasonHeader, reasonAlgorithm:
		return stageHeader
	case reasonMissingKeyID, reasonUnknownKey, reasonKeyMismatch:
		return stageKey
	case reasonSignature:
		return stageSignature
	}
	return stageClaims
}

// checkEarly lists the checks before the claims, from where verify ended.
func (t *TokenReport) checkEarly(keyless bool) {
	end := tokenStage(t.Reason)
	for stage, name := range earlyChecks {
		switch {
		case stage == end:
			t.check(name, t.Reason)
		case stage > end || stage >= stageKey && keyless || stage >= stageKey && end == stageClaims && !t.Verified:
			t.Checks = append(t.Checks, TokenCheck{Name: name, Outcome: "unchecked"})
		default:
			t.check(name, "")
		}
	}
}

func (t *TokenReport) check(name, reason string) {
	outcome := "ok"
	if reason != "" {
		outcome = "refused"
	}
	t.Checks = append(t.Checks, TokenCheck{Name: name, Outcome: outcome, Reason: reason})
}

// checkClaims makes each check of verifier.accept by itself.
func (t *TokenReport) checkClaims(v *verifier, claims map[string]interface{}, h *joseHeader) {
	reason := ""
	name, _ := claims["iss"].(string)
	if name != v.only.issuer {
		reason = reasonIssuer
	}
	t.check("issuer", reason)
	reason = ""
	_, bound := claims["cnf"]
	if bound {
		reason = reasonBound
	}
	t.check("bound", reason)
	reason = ""
	if !typeFits(claims, h, v.requireTyp) {
		reason = reasonType
	}
	t.check("type", reason)
	_, untimely := checkTimes(claims, secondsNow(), v.leeway)
	t.check("time", untimely)
	reason = ""
	if !audienceFits(claims, v.only.audience, v.skipAud) {
		reason = reasonAudience
	}
	t.check("audience", reason)
	reason = ""
	party, _ := claims["azp"].(string)
	if v.parties != nil && !v.parties[party] {
		reason = reasonParty
	}
	t.check("party", reason)
}

// leaveOpen marks a check that nothing was compared with as not made.
func (t *TokenReport) leaveOpen(name string) {
	for i, check := range t.Checks {
		if check.Name == name && check.Outcome == "ok" {
			t.Checks[i].Outcome = "unchecked"
		}
	}
}

// accessOf lists what a principal may be asked for.
func accessOf(p *principal) *Access {
	a := &Access{Roles: keysOf(p.roles), Scopes: strings.Fields(p.scope), ClientRoles: map[string][]string{}}
	sort.Strings(a.Scopes)
	for client, entry := range p.access {
		held := map[string]bool{}
		addRoles(held, objectOf(entry)["roles"])
		if len(held) > 0 {
			a.ClientRoles[client] = keysOf(held)
		}
	}
	return a
}

func keysOf(set map[string]bool) []string {
	keys := make([]string, 0, len(set))
	for key := range set {
		if key != "" {
			keys = append(keys, key)
		}
	}
	sort.Strings(keys)
	return keys
}
