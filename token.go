package authproxy

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// defaultAlgorithms are the signature algorithms accepted where the configuration
// names none (RFC 7518 section 3.1, RFC 8037 section 3.1), and all there are: none
// and HMAC are not to be had.
var defaultAlgorithms = []string{
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
}

// signingMethods are golang-jwt's, apart from PS*: its own accept a salt of any
// length, RFC 7518 section 3.5 wants the hash's.
var signingMethods = map[string]jwt.SigningMethod{
	"RS256": jwt.SigningMethodRS256,
	"RS384": jwt.SigningMethodRS384,
	"RS512": jwt.SigningMethodRS512,
	"PS256": strictPSS(jwt.SigningMethodPS256),
	"PS384": strictPSS(jwt.SigningMethodPS384),
	"PS512": strictPSS(jwt.SigningMethodPS512),
	"ES256": jwt.SigningMethodES256,
	"ES384": jwt.SigningMethodES384,
	"ES512": jwt.SigningMethodES512,
	"EdDSA": jwt.SigningMethodEdDSA,
}

func strictPSS(method *jwt.SigningMethodRSAPSS) jwt.SigningMethod {
	return &jwt.SigningMethodRSAPSS{
		SigningMethodRSA: method.SigningMethodRSA,
		Options:          &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash},
	}
}

// maxKeysTried bounds how many keys of one kid a token is tried with.
const maxKeysTried = 8

// bearerToken takes the token out of the places configured. The second result is
// what the verified token is remembered by: the header's value as it is, so that
// the warm way need not take it apart. The third, the reason, is "" when there is
// exactly one token.
func (g *gate) bearerToken(r *http.Request) (string, string, string) {
	token := ""
	cacheKey := ""
	values := r.Header["Authorization"]
	if len(values) > 1 {
		return "", "", reasonManyTokens
	}
	if len(values) == 1 {
		credential, reason := bearerCredential(values[0])
		if reason != "" {
			return "", "", reason
		}
		token = credential
		cacheKey = values[0]
	}
	if g.cookieName == "" && g.queryParam == "" {
		if token == "" {
			return "", "", reasonNoToken
		}
		return token, cacheKey, ""
	}

	var tokens []string
	if token != "" {
		tokens = append(tokens, token)
	}
	if g.cookieName != "" {
		for _, cookie := range r.Cookies() {
			if cookie.Name == g.cookieName && cookie.Value != "" {
				tokens = append(tokens, cookie.Value)
			}
		}
	}
	if g.queryParam != "" {
		// What does not parse is dropped; a token would be lost, not gained.
		for _, value := range r.URL.Query()[g.queryParam] {
			if value != "" {
				tokens = append(tokens, value)
			}
		}
	}
	switch {
	case len(tokens) == 0:
		return "", "", reasonNoToken
	case len(tokens) > 1:
		return "", "", reasonManyTokens
	}
	if token == "" {
		cacheKey = "Bearer " + tokens[0]
	}
	return tokens[0], cacheKey, ""
}

// bearerCredential reads an Authorization header (RFC 6750 section 2.1). The scheme
// is compared without regard to case (RFC 9110 section 11.1). Another scheme is no
// token.
func bearerCredential(value string) (string, string) {
	scheme := value
	token := ""
	at := strings.IndexAny(value, " \t")
	if at >= 0 {
		scheme = value[:at]
		token = strings.TrimLeft(value[at:], " ")
	}
	if !strings.EqualFold(scheme, "Bearer") {
		return "", ""
	}
	if token == "" || strings.ContainsAny(token, " \t,") {
		return "", reasonBadHeader
	}
	return token, ""
}

// joseHeader is what counts of a token's header (RFC 7515 section 4.1). Where it
// names a key itself (jwk, jku, x5u, x5c), that is not even read.
type joseHeader struct {
	alg         string
	kid         string
	hasKeyID    bool
	keyID       string // of kid and alg, see keySet.byKeyID; "" without a kid, which no key has
	accessToken bool   // typ says at+jwt (RFC 9068 section 2.1)
	kept        bool   // among the verifier's headers
}

// verifier turns tokens into principals by one set of settings, shared by all
// middlewares that agree on them.
type verifier struct {
	algorithms map[string]bool
	parties    map[string]bool // nil: any
	leeway     float64         // seconds
	requireTyp bool
	skipAud    bool
	maxBytes   int
	rolesClaim [][]string
	identity   []identityClaim
	issuers    map[string]*trustedIssuer
	only       *trustedIssuer // where there is one issuer
	cache      *tokenCache    // nil: off

	// headers remembers decoded JOSE headers by their text: all tokens under one key
	// share theirs. Only those of good tokens enter.
	headers     *sync.Map
	headerCount *atomic.Int64

	verified *atomic.Int64 // signatures found good
	hints    *onceLog
}

// trustedIssuer is one issuer with what its tokens must say.
type trustedIssuer struct {
	issuer      string
	keys        *keySource
	audience    map[string]bool
	clientRoles []string
}

// identityClaim is a header to the service and the claim that fills it.
type identityClaim struct {
	header string
	claim  string
}

// refusal says why a token is refused; reason is "" when it is not. The rest is for
// the log and comes from the token: unverified, foreign text.
type refusal struct {
	reason     string
	kid        string
	issuer     string
	party      string
	retryAfter time.Duration
}

const maxHeadersKept = 256

// verify checks a token from its shape to its claims, the cheapest tests first, and
// nothing of the payload before its signature but, where it is needed to find the
// key, the issuer's name. It returns nil where the token is refused, and why in no.
func verify(ctx context.Context, v *verifier, token string, no *refusal) *principal {
	parts := splitToken(token, v.maxBytes, no)
	if parts == nil {
		return nil
	}
	signature, err := strictBase64.DecodeString(parts[2])
	if err != nil {
		return refuse(no, reasonShape)
	}
	payload, err := strictBase64.DecodeString(parts[1])
	if err != nil {
		return refuse(no, reasonShape)
	}
	header := headerOf(v, parts[0], no)
	if header == nil {
		return nil
	}
	issuer := v.only
	if issuer == nil {
		issuer = issuerNamed(v, payload, no)
		if issuer == nil {
			return nil
		}
	}
	keys := presentKeys(issuer.keys, header)
	if keys == nil {
		keys = awaitedKeys(ctx, issuer, header, payload, no)
		if keys == nil {
			return nil
		}
	}
	signer := verifySignature(keys, header.alg, token[:len(token)-len(parts[2])-1], signature)
	if signer == nil {
		return refuse(no, reasonSignature)
	}
	v.verified.Add(1)
	claims, err := decodeObject(payload, maxClaimsNesting)
	if err != nil {
		return refuse(no, reasonClaims)
	}
	p := accept(v, claims, header, issuer, no)
	if p == nil {
		return nil
	}
	p.fingerprint = signer.fingerprint
	p.bytes = principalBytes + 2*len(payload)
	fillIdentity(v, p, claims, payload)
	if header.kept {
		return p
	}
	v.keepHeader(parts[0], header)
	return p
}

// refuse notes a reason; it returns nil for its caller to return.
func refuse(no *refusal, reason string) *principal {
	no.reason = reason
	return nil
}

// splitToken takes a token apart into header, payload and signature, all still
// encoded. It returns nil where it is too long or not in three parts.
func splitToken(token string, maxBytes int, no *refusal) []string {
	if len(token) > maxBytes {
		no.reason = reasonTooLong
		return nil
	}
	parts := strings.SplitN(token, ".", 4)
	if len(parts) == 3 {
		if parts[1] != "" {
			if parts[2] != "" {
				// The decoder skips line ends.
				if !strings.ContainsAny(token, "\r\n") {
					return parts
				}
			}
		}
	}
	no.reason = reasonShape
	return nil
}

// issuerNamed finds the issuer that a payload names.
func issuerNamed(v *verifier, payload []byte, no *refusal) *trustedIssuer {
	no.issuer = issuerOf(payload)
	issuer := v.issuers[no.issuer]
	if issuer == nil {
		no.reason = reasonIssuer
	}
	return issuer
}

// awaitedKeys is for a header whose key is not at hand: it may be on its way.
func awaitedKeys(ctx context.Context, issuer *trustedIssuer, header *joseHeader, payload []byte, no *refusal) []*key {
	ours := func() bool { return issuerOf(payload) == issuer.issuer }
	keys, reason := issuer.keys.lookup(ctx, header, ours)
	if reason == "" {
		return keys
	}
	no.reason = reason
	if reason == reasonKeysUnavailable {
		no.retryAfter = issuer.keys.retryAfter()
	}
	return nil
}

// verifySignature returns the key under which the signature is good (RFC 7515
// section 5.2), nil if there is none.
func verifySignature(keys []*key, alg, signed string, signature []byte) *key {
	method := signingMethods[alg]
	for i, k := range keys {
		if i == maxKeysTried {
			return nil
		}
		err := method.Verify(signed, signature, k.public)
		if err == nil {
			return k
		}
	}
	return nil
}

// issuerOf reads the issuer's name from a payload that is not verified yet, without
// decoding the rest. After the signature it is checked again, with the rest.
func issuerOf(payload []byte) string {
	var claims map[string]json.RawMessage
	if json.Unmarshal(payload, &claims) != nil {
		return ""
	}
	var issuer string
	if json.Unmarshal(claims["iss"], &issuer) != nil {
		return ""
	}
	return issuer
}

// headerOf returns a token's header, remembered or decoded; nil where it is refused,
// and why in no.
func headerOf(v *verifier, head string, no *refusal) *joseHeader {
	remembered, ok := v.headers.Load(head)
	if ok {
		header := remembered.(*joseHeader)
		no.kid = header.kid
		return header
	}
	return newHeader(v, head, no)
}

func newHeader(v *verifier, head string, no *refusal) *joseHeader {
	header, reason := v.header(head)
	if header == nil {
		no.reason = reason
		return nil
	}
	no.kid = header.kid
	return header
}

// header decodes and checks a JOSE header (RFC 7515 section 4.1, RFC 8725 section 3).
func (v *verifier) header(head string) (*joseHeader, string) {
	if head == "" {
		return nil, reasonShape
	}
	if len(head) > maxHeaderBytes {
		return nil, reasonHeader
	}
	text, err := strictBase64.DecodeString(head)
	if err != nil {
		return nil, reasonShape
	}
	fields, err := decodeObject(text, maxHeaderNesting)
	if err != nil {
		return nil, reasonHeader
	}
	// crit and b64 change what is signed (RFC 7515 section 4.1.11, RFC 7797); zip, enc
	// and epk belong to encryption.
	for _, name := range []string{"crit", "b64", "zip", "enc", "epk"} {
		_, present := fields[name]
		if present {
			return nil, reasonHeader
		}
	}
	h := &joseHeader{}
	typ, present := fields["typ"]
	if present {
		name := textOf(typ)
		h.accessToken = strings.EqualFold(name, "at+jwt") || strings.EqualFold(name, "application/at+jwt")
		if !h.accessToken && !strings.EqualFold(name, "JWT") {
			return nil, reasonHeader
		}
	}
	kid, present := fields["kid"]
	if present {
		h.hasKeyID = true
		h.kid = textOf(kid)
		if h.kid == "" || len(h.kid) > maxKeyID {
			return nil, reasonHeader
		}
	}
	h.alg = textOf(fields["alg"])
	if !v.algorithms[h.alg] {
		return nil, reasonAlgorithm
	}
	if h.hasKeyID {
		h.keyID = keyID(h.kid, h.alg)
	}
	return h, ""
}

// maxHeaderBytes bounds the encoded JOSE header; Keycloak's have some 130.
const maxHeaderBytes = 8 << 10

// keepHeader remembers the header of a good token.
func (v *verifier) keepHeader(head string, h *joseHeader) {
	if v.headerCount.Load() >= maxHeadersKept {
		return
	}
	v.headerCount.Add(1)
	kept := *h
	kept.kept = true
	v.headers.Store(strings.Clone(head), &kept) // head is a part of the whole token
}

// accept checks the claims of a token whose signature is good. It returns nil where
// they are refused, and why in no.
func accept(v *verifier, claims map[string]interface{}, h *joseHeader, issuer *trustedIssuer, no *refusal) *principal {
	if claims["iss"] != issuer.issuer {
		return refuseClaims(claims, no, reasonIssuer)
	}
	_, bound := claims["cnf"]
	if bound {
		// RFC 7800, RFC 9449 section 7.1: whoever holds the token alone is not who it
		// is for.
		return refuseClaims(claims, no, reasonBound)
	}
	if claims["typ"] != "Bearer" {
		if !typeFits(claims, h, v.requireTyp) {
			return refuseClaims(claims, no, reasonType)
		}
	}
	end := endOf(claims, v.leeway, no)
	if end == 0 {
		return refuseClaims(claims, no, no.reason)
	}
	if !audienceFits(claims, issuer.audience, v.skipAud) {
		return refuseClaims(claims, no, reasonAudience)
	}
	party, _ := claims["azp"].(string)
	subject, _ := claims["sub"].(string)
	scope, _ := claims["scope"].(string)
	access, _ := claims["resource_access"].(map[string]interface{})
	if v.parties != nil {
		if !v.parties[party] {
			return refuseClaims(claims, no, reasonParty)
		}
	}
	return &principal{
		expires: time.UnixMilli(int64(end * 1000)),
		party:   party,
		subject: subject,
		kid:     h.kid,
		roles:   collectRoles(claims, issuer.clientRoles, v.rolesClaim),
		access:  access,
		scope:   scope,
		source:  issuer.keys,
	}
}

// refuseClaims is refuse, with what the log says of a token whose signature is good.
func refuseClaims(claims map[string]interface{}, no *refusal, reason string) *principal {
	no.issuer = textOf(claims["iss"])
	no.party = textOf(claims["azp"])
	return refuse(no, reason)
}

// principalBytes is about what a principal takes beside its texts.
const principalBytes = 1000

// fillIdentity works out the headers to the service.
func fillIdentity(v *verifier, p *principal, claims map[string]interface{}, payload []byte) {
	// RFC 7519 section 4.1.2: sub is a string; as a user's id nothing else will do.
	if p.subject == "" {
		hintNoSubject(v, p)
	} else if printable(p.subject) {
		p.user = p.subject
		p.identity = []identityValue{{name: v.identity[0].header, value: p.user}}
	}
	if len(v.identity) > 1 {
		fillFurther(v, p, claims, payload)
	}
}

func hintNoSubject(v *verifier, p *principal) {
	v.hints.warn("sub", "a token without sub passes by its roles, but no user id is set; give the client Keycloak's scope \"basic\"", "azp", clip(p.party))
}

// fillFurther works out the headers beside the user's id.
func fillFurther(v *verifier, p *principal, claims map[string]interface{}, payload []byte) {
	var exact map[string]interface{}
	for _, want := range v.identity[1:] {
		claim := headerClaim(claims, want.claim)
		if want.claim == "roles" {
			claim = roleList(p.roles)
		}
		if want.claim == "sub" {
			claim = p.subject
		}
		switch claim.(type) {
		case float64, map[string]interface{}:
			if exact == nil {
				exact = exactClaims(payload)
			}
			claim = headerClaim(exact, want.claim)
		}
		value, ok, dropped := headerValue(claim)
		if dropped {
			v.hints.warn("dropped "+want.header, "a list's element with a comma or a control character is left out of a header", "header", want.header)
		}
		if ok {
			p.identity = append(p.identity, identityValue{name: want.header, value: value})
		}
	}
}

func roleList(roles map[string]bool) interface{} {
	names := make([]string, 0, len(roles))
	for role := range roles {
		if role != "" {
			names = append(names, role)
		}
	}
	sort.Strings(names)
	list := make([]interface{}, 0, len(names))
	for _, name := range names {
		list = append(list, name)
	}
	return list
}
