package authproxy

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
	"unicode"
)

// principal is who a verified token speaks for, with all that requests ask of it
// worked out beforehand. It is immutable.
type principal struct {
	expires     time.Time       // exp plus leeway: not good from here on
	roles       map[string]bool // realm's, client's and further ones that count
	clientRoles map[string]bool // by clientRoleKey, of every client
	scopes      map[string]bool
	identity    []identityValue
	user        string // the first identity header's value, made of sub

	subject, party, kid string // for the log only
	source              *keySource
	fingerprint         string // of the key that verified it
	bytes               int    // about what it takes in memory
}

// identityValue is a request header made of a claim.
type identityValue struct {
	name  string // canonical
	value string
}

// maxNumericDate is 2^53, beyond which a JSON number no longer tells one second
// from the next.
const maxNumericDate = 1 << 53

// numericDate reads a time claim (RFC 7519 section 2) and tells whether there is
// one, and whether it is a sound number or not there at all.
func numericDate(claims map[string]interface{}, name string) (time.Time, bool, bool) {
	var at time.Time
	value, present := claims[name]
	if !present {
		return at, false, true
	}
	seconds, isNumber := value.(float64)
	if !isNumber || seconds < 0 || seconds >= maxNumericDate {
		return at, true, false
	}
	whole := int64(seconds)
	at = time.Unix(whole, int64((seconds-float64(whole))*1e9))
	return at, true, true
}

// checkTimes checks exp, nbf and iat and returns when the token ends, leeway
// included. The reason is "" when it is good now.
func checkTimes(claims map[string]interface{}, now time.Time, leeway time.Duration) (time.Time, string) {
	exp, present, ok := numericDate(claims, "exp")
	if !present || !ok {
		return exp, reasonTime
	}
	end := exp.Add(leeway)
	nbf, hasNotBefore, ok := numericDate(claims, "nbf")
	if !ok {
		return end, reasonTime
	}
	iat, hasIssuedAt, ok := numericDate(claims, "iat")
	if !ok {
		return end, reasonTime
	}
	if !now.Before(end) {
		return end, reasonExpired
	}
	latest := now.Add(leeway)
	if hasNotBefore && nbf.After(latest) {
		return end, reasonNotYet
	}
	if hasIssuedAt && iat.After(latest) {
		return end, reasonNotYet
	}
	return end, ""
}

// audienceFits reports whether one of the accepted audiences is in aud, which is a
// string or a list of strings (RFC 7519 section 4.1.3); anything else never fits.
func audienceFits(claims map[string]interface{}, accepted map[string]bool, skip bool) bool {
	aud, present := claims["aud"]
	if !present {
		return skip
	}
	one, isString := aud.(string)
	if isString {
		return skip || accepted[one]
	}
	list, ok := stringList(aud)
	if !ok {
		return false
	}
	for _, one := range list {
		if accepted[one] {
			return true
		}
	}
	return skip
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

// stringList converts a list of strings and tells whether v is one.
func stringList(v interface{}) ([]string, bool) {
	items, isList := v.([]interface{})
	if !isList {
		return nil, false
	}
	list := make([]string, 0, len(items))
	for _, item := range items {
		text, isString := item.(string)
		if !isString {
			return nil, false
		}
		list = append(list, text)
	}
	return list, true
}

// clientRoleKey joins a client id and a role's name. Neither holds a NUL: Keycloak
// refuses it.
func clientRoleKey(client, role string) string {
	return client + "\x00" + role
}

// collectRoles fills in the roles that count: realm_access.roles, those of the
// counted clients in resource_access, and those at rolesClaim's places. What is not
// a list of strings counts as no roles.
func (p *principal) collectRoles(claims map[string]interface{}, clients []string, places [][]string) {
	p.roles = map[string]bool{"": true} // see anyPrincipal
	p.clientRoles = map[string]bool{}
	p.addRoles(objectOf(claims["realm_access"])["roles"])
	access := objectOf(claims["resource_access"])
	for client, entry := range access {
		list, ok := stringList(objectOf(entry)["roles"])
		if !ok {
			continue
		}
		for _, role := range list {
			p.clientRoles[clientRoleKey(client, role)] = true
			p.bytes += len(client) + len(role) + mapEntryBytes
		}
	}
	for _, client := range clients {
		p.addRoles(objectOf(access[client])["roles"])
	}
	for _, path := range places {
		p.addRoles(claimAt(claims, path))
	}
}

func (p *principal) addRoles(v interface{}) {
	list, ok := stringList(v)
	if !ok {
		return
	}
	for _, role := range list {
		p.roles[role] = true
		p.bytes += len(role) + mapEntryBytes
	}
}

// mapEntryBytes is about what an entry of a map[string]bool takes beside its text.
const mapEntryBytes = 40

// collectScopes splits the scope claim (RFC 8693 section 4.2).
func (p *principal) collectScopes(claims map[string]interface{}) {
	p.scopes = map[string]bool{}
	for _, scope := range strings.Fields(textOf(claims["scope"])) {
		p.scopes[scope] = true
		p.bytes += len(scope) + mapEntryBytes
	}
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
		list, isStrings := stringList(claim)
		if !isStrings {
			return "", false, false
		}
		var kept []string
		for _, element := range list {
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

// printable reports whether a text may stand in a header: no control characters
// (RFC 9110 section 5.5), one line, and no blanks at its ends, which the wire would
// lose.
func printable(text string) bool {
	return strings.IndexFunc(text, unicode.IsControl) < 0 &&
		!strings.ContainsAny(text, "\u2028\u2029") &&
		strings.Trim(text, " ") == text
}
