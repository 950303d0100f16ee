package authproxy

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
	"unicode"
)

// principal is who a verified token speaks for, with what requests ask of it worked
// out beforehand. Once it is settled it is immutable.
type principal struct {
	end     float64         // exp plus leeway, in seconds since the epoch: not good from here on
	roles   map[string]bool // realm's, client's and further ones that count; and ""
	user    string          // the first identity header's value, made of sub; "" for none
	further []identityValue // the other identity headers
	claims  map[string]interface{}
	known   *knownHead // that verified it

	// What settle takes out of the claims.
	access  map[string]interface{} // resource_access, for rules that name a client
	scope   string
	subject string // for the log only, as is party
	party   string

	// Where it is remembered.
	credential string    // the header's value that it came in
	expires    time.Time // end
}

// settle works out what only some rules and the log ask for, and what is left when
// the claims go, which are many times as large.
func settle(p *principal) {
	if p.claims == nil {
		return
	}
	p.access = objectOf(p.claims["resource_access"])
	p.scope = textOf(p.claims["scope"])
	p.subject = textOf(p.claims["sub"])
	p.party = textOf(p.claims["azp"])
	p.claims = nil
}

// identityValue is a request header made of a claim.
type identityValue struct {
	name  string // canonical
	value string
}

// maxNumericDate is 2^53, beyond which a JSON number no longer tells one second
// from the next.
const maxNumericDate = 1 << 53

// epoch is where claims count from.
var epoch = time.Unix(0, 0)

const nanosPerSecond = 1e9

// secondsNow is the wall clock as claims have it.
func secondsNow() float64 {
	return float64(time.Since(epoch)) / nanosPerSecond
}

// dateOf is a claim's time in seconds since the epoch (RFC 7519 section 2), -1 where
// it is not a number that is not negative and tells seconds apart.
func dateOf(claim interface{}) float64 {
	seconds, ok := claim.(float64)
	if !ok {
		return -1
	}
	if seconds >= maxNumericDate {
		return -1
	}
	return seconds
}

// endOf returns when a token ends, leeway (in seconds) included, in seconds since the
// epoch; 0 where it is not good now, and why in a.
func endOf(claims map[string]interface{}, now, leeway float64, a *attempt) float64 {
	end, reason := checkTimes(claims, now, leeway)
	if reason == "" {
		return end
	}
	a.reason = reason
	return 0
}

// checkTimes checks exp, nbf and iat against now, all in seconds, and returns when
// the token ends, leeway included. The reason is "" when it is good now.
func checkTimes(claims map[string]interface{}, now, leeway float64) (float64, string) {
	exp := dateOf(claims["exp"])
	if exp < 0 {
		return 0, reasonTime
	}
	end := exp + leeway
	reason := checkBegin(claims, now+leeway)
	if now >= end {
		if reason != reasonTime {
			reason = reasonExpired
		}
	}
	return end, reason
}

// checkBegin checks the claims that, where they are present, must not lie ahead of
// latest.
func checkBegin(claims map[string]interface{}, latest float64) string {
	reason := ""
	for _, name := range beginClaims {
		claim, present := claims[name]
		if present {
			begin := dateOf(claim)
			if begin < 0 {
				return reasonTime
			}
			if begin > latest {
				reason = reasonNotYet
			}
		}
	}
	return reason
}

var beginClaims = []string{"nbf", "iat"}

// audienceFits reports whether one of the accepted audiences is in aud, which is a
// string or a list of strings (RFC 7519 section 4.1.3); anything else never fits.
func audienceFits(claims map[string]interface{}, accepted map[string]bool, skip bool) bool {
	aud, present := claims["aud"]
	if !present {
		return skip
	}
	list, isList := aud.([]interface{})
	if !isList {
		return oneFits(aud, accepted, skip)
	}
	fits := skip
	for _, item := range list {
		name, ok := item.(string)
		if !ok {
			return false
		}
		if accepted[name] {
			fits = true
		}
	}
	return fits
}

func oneFits(aud interface{}, accepted map[string]bool, skip bool) bool {
	one, isString := aud.(string)
	return isString && (skip || accepted[one])
}

// typeFits reports whether the token says that it is an access token. Keycloak
// signs ID tokens, logout tokens and more with the same keys, with fitting
// audiences.
func typeFits(claims map[string]interface{}, h *joseHeader, require bool) bool {
	typ, present := claims["typ"]
	if !present {
		return h.accessToken || !require
	}
	name := textOf(typ)
	return strings.EqualFold(name, "Bearer")
}

// textOf is v where it is a string, else "". In the interpreter the first value of
// a comma-ok form keeps what it held before when ok is false; a function of its own
// starts afresh.
func textOf(v interface{}) string {
	text, ok := v.(string)
	if !ok {
		return ""
	}
	return text
}

// objectOf is v where it is a JSON object, else nil; see textOf.
func objectOf(v interface{}) map[string]interface{} {
	object, ok := v.(map[string]interface{})
	if !ok {
		return nil
	}
	return object
}

// allStrings reports whether a list holds nothing but strings.
func allStrings(list []interface{}) bool {
	for _, item := range list {
		_, ok := item.(string)
		if !ok {
			return false
		}
	}
	return true
}

// collectRoles returns the roles that count: realm_access.roles, those of the
// counted clients in resource_access, and those at rolesClaim's places.
func collectRoles(claims map[string]interface{}, clients []string, places [][]string) map[string]bool {
	held := map[string]bool{"": true} // see anyPrincipal
	realm, _ := claims["realm_access"].(map[string]interface{})
	list, _ := realm["roles"].([]interface{})
	for _, item := range list {
		role, ok := item.(string)
		if ok {
			held[role] = true
			continue
		}
		forget(held) // see addRoles
		break
	}
	access, _ := claims["resource_access"].(map[string]interface{})
	for _, client := range clients {
		if access[client] != nil {
			addClientRoles(held, access[client])
		}
	}
	if places != nil {
		addRolesAt(held, claims, places)
	}
	return held
}

// forget takes all roles out but the one that everybody has.
func forget(held map[string]bool) {
	for role := range held {
		if role != "" {
			delete(held, role)
		}
	}
}

func addClientRoles(held map[string]bool, entry interface{}) {
	addRoles(held, objectOf(entry)["roles"])
}

func addRolesAt(held map[string]bool, claims map[string]interface{}, places [][]string) {
	for _, path := range places {
		addRoles(held, claimAt(claims, path))
	}
}

// addRoles adds a list of roles. What is not a list of strings counts as no roles.
func addRoles(held map[string]bool, v interface{}) {
	list, ok := v.([]interface{})
	if !ok {
		return
	}
	if allStrings(list) {
		for _, item := range list {
			held[item.(string)] = true
		}
	}
}

// hasClientRole reports whether the principal has one of a client's roles.
func (p *principal) hasClientRole(client string, roles []string) bool {
	held := map[string]bool{}
	addRoles(held, objectOf(p.access[client])["roles"])
	return holdsAny(held, roles)
}

// hasScope reports whether the scope claim (RFC 8693 section 4.2) lists a scope.
func (p *principal) hasScope(scope string) bool {
	for _, one := range strings.Fields(p.scope) {
		if one == scope {
			return true
		}
	}
	return false
}

// claimAt follows a path of names from the top of the claims.
func claimAt(claims map[string]interface{}, path []string) interface{} {
	var at interface{} = claims
	for _, name := range path {
		at = objectOf(at)[name]
	}
	return at
}

// headerClaim returns what a header's claim name stands for: a top-level claim of
// that very name, else a path with dots.
func headerClaim(claims map[string]interface{}, name string) interface{} {
	value, present := claims[name]
	if present {
		return value
	}
	return claimAt(claims, strings.Split(name, "."))
}

// headerValue turns a claim into a header's value. The second result is false when
// the header must stay absent: no claim, a control character, or text of several
// lines. The third says that a list's element was left out.
func headerValue(v interface{}) (string, bool, bool) {
	dropped := false
	switch claim := v.(type) {
	case nil:
		return "", false, false
	case string:
		return claim, claim != "" && printable(claim), false
	case []interface{}:
		if !allStrings(claim) {
			return "", false, false
		}
		var kept []string
		for _, item := range claim {
			element := item.(string)
			if element == "" || strings.IndexByte(element, ',') >= 0 || !printable(element) {
				dropped = true
				continue
			}
			kept = append(kept, element)
		}
		value := strings.Join(kept, ",")
		return value, value != "", dropped
	}
	text, err := jsonText(v)
	if err != nil {
		return "", false, false
	}
	return text, printable(text), false
}

// jsonText is a claim's JSON text on one line.
func jsonText(v interface{}) (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return strings.TrimSuffix(out.String(), "\n"), err
}

// exactClaims decodes the claims once more with numbers as they are written: as
// float64 a large one would lose digits.
func exactClaims(payload []byte) map[string]interface{} {
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.UseNumber()
	var claims map[string]interface{}
	if decoder.Decode(&claims) != nil {
		return nil
	}
	return claims
}

const idBytes = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.:@"

// printable reports whether a text may stand in a header: no control characters
// (RFC 9110 section 5.5), one line, and no blanks at its ends, which the wire would
// lose.
func printable(text string) bool {
	return strings.IndexFunc(text, unicode.IsControl) < 0 &&
		!strings.ContainsAny(text, "\u2028\u2029") &&
		strings.Trim(text, " ") == text
}
