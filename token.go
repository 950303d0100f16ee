package authproxy

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"sort"
	"strings"
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

// signatureChecks verify a signature under a key, by algorithm. They are golang-jwt's;
// only those of PS* accept there a salt of any length, where RFC 7518 section 3.5
// wants the hash's. Bound once, a method costs the interpreter less than it does at
// each call.
var signatureChecks = map[string]func(signed string, signature []byte, key interface{}) error{
	"RS256": jwt.SigningMethodRS256.Verify,
	"RS384": jwt.SigningMethodRS384.Verify,
	"RS512": jwt.SigningMethodRS512.Verify,
	"PS256": strictPSS(jwt.SigningMethodPS256).Verify,
	"PS384": strictPSS(jwt.SigningMethodPS384).Verify,
	"PS512": strictPSS(jwt.SigningMethodPS512).Verify,
	"ES256": jwt.SigningMethodES256.Verify,
	"ES384": jwt.SigningMethodES384.Verify,
	"ES512": jwt.SigningMethodES512.Verify,
	"EdDSA": jwt.SigningMethodEdDSA.Verify,
}

func strictPSS(method *jwt.SigningMethodRSAPSS) *jwt.SigningMethodRSAPSS {
	return &jwt.SigningMethodRSAPSS{
		SigningMethodRSA: method.SigningMethodRSA,
		Options:          &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash},
	}
}

// lineEnds are what the base64 decoder skips: with them one token has many spellings.
const lineEnds = "\r\n"

// maxKeysTried bounds how many keys of one kid a token is tried with.
const maxKeysTried = 8

// bearerToken takes the token out of the places configured. The second result is
// what the verified token is remembered by: the header's value as it is, so that
// the warm way need not take it apart. The third, the reason, is "" when there is
// exactly one token.
func (g *gate) bearerToken(r *http.Request) (string, string, string) {
	token := ""
	credential := ""
	values := r.Header["Authorization"]
	if len(values) > 1 {
		return "", "", reasonManyTokens
	}
	if len(values) == 1 {
		inside, reason := bearerCredential(values[0])
		if reason != "" {
			return "", "", reason
		}
		token = inside
		credential = values[0]
	}
	if g.cookieName == "" && g.queryParam == "" {
		if token == "" {
			return "", "", reasonNoToken
		}
		return token, credential, ""
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
		credential = bearerPrefix + tokens[0]
	}
	return tokens[0], credential, ""
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
}

// verifier turns tokens into principals by one set of settings, shared by all
// middlewares that agree on them.
type verifier struct {
	// checks are the signatureChecks of the algorithms that are accepted.
	checks map[string]func(signed string, signature []byte, key interface{}) error

	parties    map[string]bool // nil: any
	leeway     float64         // seconds
	requireTyp bool
	skipAud    bool
	maxBytes   int // of a token
	rolesClaim [][]string
	identity   []identityClaim // the user's id first
	further    bool            // there are more
	issuers    map[string]*trustedIssuer
	only       *trustedIssuer // where there is one issuer
	cache      *tokenCache    // nil: off

	// atHand is that of only's keys; for several issuers it stays empty. See verifyUsual.
	atHand *atomic.Value
	hints  *onceLog
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

// attempt is what is known of an attempt to authenticate a request. All but cached and
// signed is for the log where the token is refused: kid, issuer and party come from
// the token and are unverified, foreign text.
type attempt struct {
	reason     string // "" where it succeeded
	cached     bool   // the token was known already
	signed     bool   // the signature was found good, and then something else was wrong
	kid        string
	issuer     string
	party      string
	retryAfter time.Duration
}

// verify checks a token from its shape to its claims, the cheapest tests first, and
// nothing of the payload before its signature but, where it is needed to find the
// key, the issuer's name. It returns nil where the token is refused, and why in a. r
// is the request that waits.
func verify(r *http.Request, v *verifier, token string, a *attempt) *principal {
	if len(token) > v.maxBytes {
		return refuse(a, reasonTooLong)
	}
	parts := strings.SplitN(token, ".", 4)
	if len(parts) != 3 || parts[1] == "" || parts[2] == "" || strings.ContainsAny(token, lineEnds) {
		return refuse(a, reasonShape)
	}
	signature, err := strictBase64.DecodeString(parts[2])
	if err != nil {
		return refuse(a, reasonShape)
	}
	payload, err := strictBase64.DecodeString(parts[1])
	if err != nil {
		return refuse(a, reasonShape)
	}
	header := headerOf(v, parts[0], a)
	if header == nil {
		return nil
	}
	issuer := v.only
	if issuer == nil {
		issuer = issuerNamed(v, payload, a)
		if issuer == nil {
			return nil
		}
	}
	keys := keysOfHeader(issuer.keys.atHand.Load().(*keysAtHand), header)
	if keys == nil {
		keys = awaitedKeys(r, issuer, header, payload, a)
		if keys == nil {
			return nil
		}
	}
	signer := signerOf(keys, header, token[:len(token)-len(parts[2])-1], signature)
	if signer == nil {
		return refuse(a, reasonSignature)
	}
	known := newKnownHead(issuer.keys, header, signer)
	p := principalOf(v, payload, issuer, known, secondsNow(), a)
	if p != nil {
		issuer.keys.learnHead(bearerPrefix+parts[0], known)
	}
	return p
}

// principalOf makes a principal of the payload of a token whose signature is good, at
// the time now, in seconds. It returns nil where the token is refused, and why in a.
func principalOf(v *verifier, payload []byte, issuer *trustedIssuer, known *knownHead, now float64, a *attempt) *principal {
	claims := usualClaims(payload)
	if claims == nil {
		if len(payload) == 0 {
			return refuse(a, reasonShape)
		}
		decoded, err := decodeObject(payload, maxClaimsNesting)
		if err != nil {
			a.signed = true
			a.kid = known.header.kid
			return refuse(a, reasonClaims)
		}
		claims = decoded
	}
	p := accept(v, claims, issuer, known, now, a)
	if p != nil {
		fillFurther(v, p, claims, payload)
	}
	return p
}

// verifyUsual is verify for the usual token: as an Authorization header's whole value
// that begins as one with a good token did. Where a is left without a reason it is not
// usual, its signature has not been checked, and verify must be asked. With several
// issuers no token is.
//
// What it needs stands in this function, usualClaims and accept, as short as can be:
// for each call, and for each value in a function's text, run or not, the interpreter
// allocates. coldWay goes further where no tokens are remembered.
func verifyUsual(v *verifier, credential string, a *attempt) *principal {
	if len(credential) > bearerLength+v.maxBytes {
		return nil
	}
	parts := strings.SplitN(credential, ".", 4)
	if len(parts) != 3 {
		return nil
	}
	atHand := v.atHand.Load().(*keysAtHand)
	known := atHand.byHead[parts[0]]
	if known == nil {
		return nil
	}
	if strings.ContainsAny(credential, lineEnds) {
		return nil
	}
	encoded := parts[2]
	signature, err := strictBase64.DecodeString(encoded)
	if err != nil {
		return nil
	}
	payload, err := strictBase64.DecodeString(parts[1])
	if err != nil {
		return nil
	}
	now := float64(time.Since(epoch)) / nanosPerSecond
	if now >= atHand.until {
		return nil
	}
	check := v.checks[known.alg]
	if check == nil {
		return nil
	}
	err = check(credential[bearerLength:len(credential)-len(encoded)-1], signature, known.public)
	if err != nil {
		return badSignature(credential, known, a)
	}
	if v.further {
		return principalOf(v, payload, v.only, known, now, a)
	}
	claims := usualClaims(payload)
	if claims == nil {
		return principalOf(v, payload, v.only, known, now, a)
	}
	return accept(v, claims, v.only, known, now, a)
}

// badSignature refuses a token whose signature is wrong, with verify's reason.
func badSignature(credential string, known *knownHead, a *attempt) *principal {
	if strings.Contains(credential+".", "..") {
		return refuse(a, reasonShape) // a part is empty
	}
	a.kid = known.header.kid
	return refuse(a, reasonSignature)
}

// refuse notes a reason; it returns nil for its caller to return.
func refuse(a *attempt, reason string) *principal {
	a.reason = reason
	return nil
}

// issuerNamed finds the issuer that a payload names.
func issuerNamed(v *verifier, payload []byte, a *attempt) *trustedIssuer {
	a.issuer = issuerOf(payload)
	issuer := v.issuers[a.issuer]
	if issuer == nil {
		a.reason = reasonIssuer
	}
	return issuer
}

// keysOfHeader returns the keys that a header means, nil if they are not at hand or
// too old.
func keysOfHeader(atHand *keysAtHand, header *joseHeader) []*key {
	if secondsNow() >= atHand.until {
		return nil
	}
	return atHand.byKeyID[header.keyID]
}

// awaitedKeys is for a header whose key is not at hand: it may be on its way.
func awaitedKeys(r *http.Request, issuer *trustedIssuer, header *joseHeader, payload []byte, a *attempt) []*key {
	ours := func() bool { return a.issuer == issuer.issuer || issuerOf(payload) == issuer.issuer }
	keys, reason := issuer.keys.lookup(r.Context(), header, ours)
	if reason == "" {
		return keys
	}
	a.reason = reason
	if reason == reasonKeysUnavailable {
		a.retryAfter = issuer.keys.retryAfter()
	}
	return nil
}

// signerOf returns the key under which the signature is good (RFC 7515 section 5.2),
// nil if there is none.
func signerOf(keys []*key, header *joseHeader, signed string, signature []byte) *key {
	check := signatureChecks[header.alg]
	for i, k := range keys {
		if i == maxKeysTried {
			return nil
		}
		err := check(signed, signature, k.public)
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
// and why in a.
func headerOf(v *verifier, head string, a *attempt) *joseHeader {
	for _, issuer := range v.issuers {
		known := issuer.keys.atHand.Load().(*keysAtHand).byHead[bearerPrefix+head]
		if known != nil {
			if v.checks[known.alg] != nil {
				a.kid = known.header.kid
				return known.header
			}
		}
	}
	header, reason := v.header(head)
	if header == nil {
		a.reason = reason
		return nil
	}
	a.kid = header.kid
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
	if bytes.IndexByte(text, '\\') >= 0 && bytes.Count(text, comma)+bytes.Count(text, backslash) > maxHeaderEscaped {
		return nil, reasonHeader
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
	if v.checks[h.alg] == nil {
		return nil, reasonAlgorithm
	}
	if h.hasKeyID {
		h.keyID = keyID(h.kid, h.alg)
	}
	return h, ""
}

const (
	// maxHeaderBytes bounds the encoded JOSE header; Keycloak's have some 130.
	maxHeaderBytes = 8 << 10
	// maxHeaderEscaped bounds the commas and backslashes of a header with escapes: it is
	// read piece by piece, three microseconds each, for anybody who sends one.
	maxHeaderEscaped = 64
)

// accept checks the claims of a token whose signature is good, at the time now, in
// seconds. It returns nil where they are refused, and why in a.
func accept(v *verifier, claims map[string]interface{}, issuer *trustedIssuer, known *knownHead, now float64, a *attempt) *principal {
	if claims["iss"] != issuer.issuer {
		return refuseClaims(claims, known, a, reasonIssuer)
	}
	_, bound := claims["cnf"]
	if bound {
		// RFC 7800, RFC 9449 section 7.1: whoever holds the token alone is not who it
		// is for.
		return refuseClaims(claims, known, a, reasonBound)
	}
	if claims["typ"] != "Bearer" {
		if !typeFits(claims, known.header, v.requireTyp) {
			return refuseClaims(claims, known, a, reasonType)
		}
	}
	// Usually exp and iat are whole seconds, and nbf is not there. As for a bad one
	// each, endOf says which.
	exp, _ := claims["exp"].(float64)
	iat, _ := claims["iat"].(float64)
	_, begins := claims["nbf"]
	leeway := v.leeway
	end := exp + leeway
	if begins {
		end = 0
	}
	if exp >= maxNumericDate {
		end = 0
	}
	if iat <= 0 {
		end = 0
	}
	if iat > now+leeway {
		end = 0
	}
	if end <= now {
		if end > 0 {
			if exp > 0 {
				return refuseClaims(claims, known, a, reasonExpired)
			}
		}
		end = endOf(claims, now, leeway, a)
		if end == 0 {
			return refuseClaims(claims, known, a, a.reason)
		}
	}
	if !audienceFits(claims, issuer.audience, v.skipAud) {
		return refuseClaims(claims, known, a, reasonAudience)
	}
	if v.parties != nil {
		if !partyFits(v, claims) {
			return refuseClaims(claims, known, a, reasonParty)
		}
	}
	return accepted(v, claims, issuer, known, end)
}

// accepted makes a principal of claims that have been checked. It is apart from accept
// for the sake of tokens that are refused: they pay for the places in its text, too.
func accepted(v *verifier, claims map[string]interface{}, issuer *trustedIssuer, known *knownHead, end float64) *principal {
	p := new(principal)
	p.end = end
	p.roles = collectRoles(claims, issuer.clientRoles, v.rolesClaim)
	p.claims = claims
	p.known = known
	// RFC 7519 section 4.1.2: sub is a string; as a user's id nothing else will do.
	subject, _ := claims["sub"].(string)
	// Ids of users are nearly always of these bytes.
	if strings.Trim(subject, idBytes) == "" {
		p.user = subject
		if subject == "" {
			hintNoSubject(v, claims)
		}
	} else if printable(subject) {
		p.user = subject
	}
	return p
}

func partyFits(v *verifier, claims map[string]interface{}) bool {
	return v.parties[textOf(claims["azp"])]
}

// refuseClaims is refuse, with what the log says of a token whose signature is good.
func refuseClaims(claims map[string]interface{}, known *knownHead, a *attempt, reason string) *principal {
	a.signed = true
	a.kid = known.header.kid
	// Each call of textOf would cost the interpreter more than the rest.
	issuer, _ := claims["iss"].(string)
	party, _ := claims["azp"].(string)
	a.issuer = issuer
	a.party = party
	a.reason = reason
	return nil
}

func hintNoSubject(v *verifier, claims map[string]interface{}) {
	v.hints.warn("sub", "a token without sub passes by its roles, but no user id is set; give the client Keycloak's scope \"basic\"", "azp", clip(textOf(claims["azp"])))
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
			claim = textOf(claims["sub"])
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
			p.further = append(p.further, identityValue{name: want.header, value: value})
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
