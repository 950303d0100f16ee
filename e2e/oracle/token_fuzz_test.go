package oracle

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4"

	"github.com/labs64/traefik-authproxy/e2e/host"
	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// compiled opens sites of the compiled plugin.
func compiled(tb testing.TB) opener {
	return func(more string) (*site, error) {
		s, err := openRealm(host.Compiled(), more)
		if err == nil {
			tb.Cleanup(s.close)
		}
		return s, err
	}
}

func mustOpen(tb testing.TB, which func(opener) (*site, error)) *site {
	tb.Helper()
	s, err := which(compiled(tb))
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// FuzzToken holds the plugin's verdict on a token against go-jose's.
func FuzzToken(f *testing.F) {
	s := mustOpen(f, plainSite)
	f.Fuzz(func(t *testing.T, header, payload string, signer uint8, at uint16, junk string) {
		token, ok := tokenInput{header, payload, signer, at, junk}.token()
		if !ok {
			t.Skip("the key cannot sign so")
		}
		if fault := disagreement(token, s.ask("Bearer "+token)); fault != "" {
			t.Errorf("%s\nheader  %q\npayload %q\ntoken   %s", fault, header, payload, token)
		}
	})
}

// disagreement says how an answer contradicts go-jose, but for the intended
// differences; "" where it does not.
func disagreement(token string, got answer) string {
	if fault := got.sound(); fault != "" {
		return fmt.Sprintf("%s: %s", fault, got)
	}
	if got.status != http.StatusOK && got.status != http.StatusUnauthorized && !strings.ContainsAny(token, " \t,") {
		return fmt.Sprintf("neither passed nor refused as a bad token: %s", got)
	}
	v := look(token)
	refusals := applying(stricter, v)
	verdict := judge(token)
	if verdict != nil && len(applying(looser, v)) > 0 {
		verdict = judgeUnread(token)
	}
	switch {
	case got.allowed() && verdict != nil:
		return fmt.Sprintf("the plugin accepts what go-jose refuses: %v", verdict)
	case got.allowed() && len(refusals) > 0:
		return fmt.Sprintf("the plugin accepts what it is meant to refuse: %s", refusals)
	case !got.allowed() && verdict == nil && len(refusals) == 0 && !strings.ContainsAny(token, " \t,"):
		return fmt.Sprintf("the plugin refuses what go-jose accepts: %s", got)
	}
	return ""
}

// FuzzBearer holds the reading of Authorization headers against RFC 6750. The
// text {token} in a value becomes a good token; an empty second value is none.
func FuzzBearer(f *testing.F) {
	s := mustOpen(f, bearerSite)
	good := freshToken(f)
	f.Fuzz(func(t *testing.T, first, second string) {
		values := headerValues(first, second, good)
		for _, asked := range []string{"first", "again"} {
			if fault := misread(values, good, s.ask(values...)); fault != "" {
				t.Errorf("%s, asked %s: %q", fault, asked, values)
			}
		}
	})
}

func headerValues(first, second, good string) []string {
	values := []string{strings.ReplaceAll(first, goodToken, good)}
	if second != "" {
		values = append(values, strings.ReplaceAll(second, goodToken, good))
	}
	return values
}

// misread says what is wrong with the answer to some Authorization values.
func misread(values []string, good string, got answer) string {
	if fault := got.sound(); fault != "" {
		return fmt.Sprintf("%s: %s", fault, got)
	}
	const realm = `Bearer realm="shop"`
	want, challenge := http.StatusUnauthorized, realm+`, error="invalid_token"`
	credential, bearer, wellFormed := wellFormedBearer(values[0])
	switch {
	case len(values) > 1:
		want, challenge = http.StatusBadRequest, realm+`, error="invalid_request"`
	case !bearer:
		challenge = realm
	case !wellFormed:
		want, challenge = http.StatusBadRequest, realm+`, error="invalid_request"`
	case credential == good:
		want, challenge = http.StatusOK, ""
	}
	if got.status != want || got.challenge != challenge {
		return fmt.Sprintf("got %s, want %d and %q", got, want, challenge)
	}
	return ""
}

// freshToken is a good token signed with Ed25519, which signs the same text
// the same way each time.
func freshToken(tb testing.TB) string {
	tb.Helper()
	token, ok := tokenInput{header: `{"alg":"EdDSA","typ":"JWT","kid":"EdDSA"}`, payload: goodClaims, signer: 9}.token()
	if !ok {
		tb.Fatal("the good token cannot be signed")
	}
	return token
}

// goodClaims are those of an access token that never ends.
const goodClaims = `{"iss":"` + issuerName + `","aud":"shop","typ":"Bearer","exp":4102444800,"sub":"alice"}`

// FuzzClaims holds what the service is told against a second reading of the
// claims. The claims that decide whether a token is good are added to the
// fuzzed ones, where these are an object.
func FuzzClaims(f *testing.F) {
	s := mustOpen(f, claimsSite)
	f.Fuzz(func(t *testing.T, claims string) {
		token := claimsToken(claims)
		if fault := mistold(token, s.ask("Bearer "+token)); fault != "" {
			t.Errorf("%s\nclaims %q", fault, claims)
		}
	})
}

// claimsToken is a well-signed token with the given claims and those that make
// it good.
func claimsToken(claims string) string {
	token, ok := tokenInput{header: `{"alg":"EdDSA","kid":"EdDSA"}`, payload: withGoodClaims(claims), signer: 9}.token()
	if !ok {
		panic("Ed25519 signs everything")
	}
	return token
}

// withGoodClaims puts the claims that make a token good in front of an
// object's own.
func withGoodClaims(claims string) string {
	rest, isObject := strings.CutPrefix(claims, "{")
	if !isObject {
		return claims
	}
	head := strings.TrimSuffix(strings.Replace(goodClaims, `,"sub":"alice"`, "", 1), "}")
	if strings.TrimLeft(rest, " \t\r\n") == "}" {
		return head + "}"
	}
	return head + "," + rest
}

// mistold says what is wrong with the answer to a token of FuzzClaims.
func mistold(token string, got answer) string {
	if fault := got.sound(); fault != "" {
		return fmt.Sprintf("%s: %s", fault, got)
	}
	v := look(token)
	good := judge(token) == nil && len(applying(stricter, v)) == 0
	roles := rolesOf(v.payload)
	want := http.StatusOK
	switch {
	case !good:
		want = http.StatusUnauthorized
	case !roles["admin"]:
		want = http.StatusForbidden
	}
	if got.status != want {
		return fmt.Sprintf("got %s, want %d", got, want)
	}
	if want != http.StatusOK {
		return ""
	}
	told := map[string]any{
		"X-User-Id":     nil,
		"X-User-Email":  v.payload["email"],
		"X-User-Groups": v.payload["groups"],
		"X-User-Dotted": at(v.payload, "a.b"),
		"X-User-Deep":   at(v.payload, "deep.c"),
		"X-User-Roles":  strings.Join(roleNames(roles), ","),
	}
	if sub, ok := v.payload["sub"].(string); ok {
		told["X-User-Id"] = sub
	}
	for name, claim := range told {
		if fault := wrongHeader(claim, got.seen[name]); fault != "" {
			return fmt.Sprintf("%s: %s", name, fault)
		}
	}
	return ""
}

// rolesOf collects the roles that count with claimsSite's configuration: each
// place holds a list of strings, or nothing.
func rolesOf(claims map[string]any) map[string]bool {
	roles := map[string]bool{}
	deep, _ := claims["deep"].(map[string]any)
	realm, _ := claims["realm_access"].(map[string]any)
	clients, _ := claims["resource_access"].(map[string]any)
	shop, _ := clients["shop"].(map[string]any)
	for _, place := range []any{realm["roles"], shop["roles"], claims["groups"], deep["a.b"]} {
		list, ok := stringsOf(place)
		if !ok {
			continue
		}
		for _, role := range list {
			roles[role] = true
		}
	}
	return roles
}

// roleNames are the roles that can stand in a list with commas, sorted.
func roleNames(roles map[string]bool) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(roles)) {
		if fitsList(name) {
			names = append(names, name)
		}
	}
	return names
}

func stringsOf(v any) ([]string, bool) {
	list, ok := v.([]any)
	if !ok {
		return nil, false
	}
	var all []string
	for _, item := range list {
		text, ok := item.(string)
		if !ok {
			return nil, false
		}
		all = append(all, text)
	}
	return all, true
}

// at is the claim of a dotted name: the name itself first, then the path.
func at(claims map[string]any, name string) any {
	if v, ok := claims[name]; ok {
		return v
	}
	first, second, _ := strings.Cut(name, ".")
	inner, _ := claims[first].(map[string]any)
	return inner[second]
}

// wrongHeader says how a header differs from what its claim makes of it.
func wrongHeader(claim any, got []string) string {
	if len(got) > 1 {
		return fmt.Sprintf("set %d times", len(got))
	}
	want, set := "", false
	switch c := claim.(type) {
	case nil:
	case string:
		want, set = c, c != "" && oneLine(c)
	case []any:
		list, ok := stringsOf(c)
		if !ok {
			break
		}
		list = slices.DeleteFunc(list, func(s string) bool { return !fitsList(s) })
		want = strings.Join(list, ",")
		set = want != ""
	default:
		// Numbers, truth values and objects are their JSON text, of which only
		// the meaning is looked at here.
		if len(got) == 0 {
			return ""
		}
		var again any
		decoder := json.NewDecoder(strings.NewReader(got[0]))
		decoder.UseNumber()
		if decoder.Decode(&again) != nil || fmt.Sprint(again) != fmt.Sprint(c) || !oneLine(got[0]) {
			return fmt.Sprintf("%q does not mean %v", got[0], c)
		}
		return ""
	}
	if set != (len(got) == 1) || set && got[0] != want {
		return fmt.Sprintf("got %q, want %q, set: %v", got, want, set)
	}
	return ""
}

// oneLine reports whether a text can be a header's value as it is: without
// control characters, line separators, and blanks at its ends.
func oneLine(s string) bool {
	for _, c := range s {
		if unicode.Is(unicode.Cc, c) || c == '\u2028' || c == '\u2029' {
			return false
		}
	}
	return s == strings.Trim(s, " ")
}

// fitsList reports whether a text can be an element of a comma-joined list.
func fitsList(s string) bool { return s != "" && oneLine(s) && !strings.Contains(s, ",") }

// FuzzKeySet holds the reading of key sets against go-jose's: a token signed
// with one of three keys, under a fuzzed kid, passes where the set holds that
// key.
func FuzzKeySet(f *testing.F) {
	f.Fuzz(func(t *testing.T, jwks, kid string, signer uint8) {
		k := setKeys[int(signer)%len(setKeys)]
		token := setToken(k, kid)
		s, err := open(host.Compiled(), []byte(jwks), anyRole)
		if err != nil {
			t.Fatal(err)
		}
		defer s.close()
		got := s.ask("Bearer " + token)
		if fault := misjudgedSet(jwks, kid, k, got); fault != "" {
			t.Errorf("%s\nkid %q, %s", fault, kid, k.Alg)
		}
	})
}

// setKeys sign the tokens of FuzzKeySet.
var setKeys = []*issuer.Key{published[0], published[6], published[9]}

func setToken(k *issuer.Key, kid string) string {
	header, err := json.Marshal(map[string]string{"alg": k.Alg, "kid": kid})
	if err != nil {
		panic(err) // strings always have JSON
	}
	token, ok := tokenInput{header: string(header), payload: goodClaims, signer: uint8(slices.Index(published, k))}.token()
	if !ok {
		panic("a published key cannot sign")
	}
	return token
}

// misjudgedSet says how the answer contradicts go-jose's reading of the set.
func misjudgedSet(jwks, kid string, k *issuer.Key, got answer) string {
	if got.status == http.StatusServiceUnavailable {
		if n := usable(jwks); n > 0 {
			return fmt.Sprintf("the plugin has no keys of %d usable ones", n)
		}
		return ""
	}
	if fault := got.sound(); fault != "" {
		return fmt.Sprintf("%s: %s", fault, got)
	}
	strictly, loosely := holds(jwks, kid, k)
	switch {
	case got.allowed() && !loosely:
		return "the plugin uses a key that go-jose does not see in the set"
	case !got.allowed() && strictly && validKeyID(kid):
		return fmt.Sprintf("the plugin does not use a key of the set: %s", got)
	}
	return ""
}

// validKeyID reports whether a kid survives being written as JSON, and names
// anything at all.
func validKeyID(kid string) bool { return kid != "" && utf8.ValidString(kid) }

// members are the keys of a set, as far as it is one.
func members(jwks string) []json.RawMessage {
	var set map[string]json.RawMessage // names in exact case
	var list []json.RawMessage
	if len(jwks) > 1<<20 || json.Unmarshal([]byte(jwks), &set) != nil || json.Unmarshal(set["keys"], &list) != nil {
		return nil
	}
	return list
}

// holds reports whether a set holds a key under a kid for its algorithm, in
// go-jose's eyes: strictly by the plugin's rules for members too, loosely
// without them and without the certificates, which the plugin does not read.
func holds(jwks, kid string, k *issuer.Key) (strictly, loosely bool) {
	for _, member := range members(jwks) {
		if !isKey(member, kid, k) {
			loosely = loosely || isKey(withoutCertificates(member), kid, k)
			continue
		}
		loosely = true
		if len(applyingTo(member)) == 0 {
			strictly = true
		}
	}
	return strictly, loosely
}

// isKey reports whether go-jose reads a member as a given key.
func isKey(member []byte, kid string, k *issuer.Key) bool {
	var jwk jose.JSONWebKey
	return jwk.UnmarshalJSON(member) == nil &&
		jwk.KeyID == kid &&
		(jwk.Use == "" || jwk.Use == "sig") &&
		(jwk.Algorithm == "" || jwk.Algorithm == k.Alg) &&
		samePublic(k.Private.Public(), jwk.Key)
}

// usable counts the members that the plugin must be able to use.
func usable(jwks string) int {
	n := 0
	for _, k := range setKeys {
		for _, member := range members(jwks) {
			var jwk jose.JSONWebKey
			if jwk.UnmarshalJSON(member) == nil {
				if strictly, _ := holds(jwks, jwk.KeyID, k); strictly {
					n++
				}
			}
		}
	}
	return n
}
