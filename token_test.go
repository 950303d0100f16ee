package authproxy

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// TestUsualWayAgrees: verifyUsual says what verify says, or that verify must be asked,
// and that before it has checked a signature.
func TestUsualWayAgrees(t *testing.T) {
	is := newTestIssuer(t)
	c := is.config()
	c.TokenCacheSize = 0
	h, _ := build(t, c)
	for i := 0; i < 2; i++ { // the first waits for the keys
		eventually(t, h, is.good(nil), 200, "before")
	}
	v := gateOf(t, c).verifier
	if len(v.atHand.Load().(*keysAtHand).byHead) == 0 {
		t.Fatal("the header of a good token is not known")
	}
	for _, row := range tokenRows(t, is) {
		usual := &attempt{}
		got := verifyUsual(v, bearerPrefix+row.token, usual)
		general := &attempt{}
		want := verify(&http.Request{}, v, row.token, general)
		decided := got != nil || usual.reason != ""
		if decided != row.usual {
			t.Errorf("%s: decided %v, want %v", row.phrase, decided, row.usual)
		}
		if !decided {
			continue
		}
		if usual.reason != general.reason || (got == nil) != (want == nil) {
			t.Errorf("%s: got %q, want %q", row.phrase, usual.reason, general.reason)
			continue
		}
		if got == nil {
			if usual.kid != general.kid || usual.issuer != general.issuer || usual.party != general.party || usual.signed != general.signed {
				t.Errorf("%s: the log would say %v, want %v", row.phrase, usual, general)
			}
			continue
		}
		settle(got)
		settle(want)
		if got.user != want.user || got.end != want.end || strings.Join(keysOf(got.roles), " ") != strings.Join(keysOf(want.roles), " ") ||
			got.scope != want.scope || got.subject != want.subject || got.party != want.party || len(got.access) != len(want.access) {
			t.Errorf("%s: got %v, want %v", row.phrase, got, want)
		}
	}
}

type tokenRow struct {
	phrase, token string
	usual         bool // verifyUsual decides
}

// tokenRows are a good token and others that differ from it in one thing each.
func tokenRows(t *testing.T, is *testIssuer) []tokenRow {
	t.Helper()
	key := testRSA(t, "k1")
	head := `{"alg":"RS256","kid":"k1","typ":"JWT"}`
	good := is.good(nil)
	parts := strings.Split(good, ".")
	text, err := json.Marshal(is.claims())
	if err != nil {
		t.Fatal(err)
	}
	body := string(text)
	signed := func(body string) string { return signRaw(t, head, body, jwt.SigningMethodRS256, key) }
	signedText := func(encoded string) string {
		signature, err := jwt.SigningMethodRS256.Sign(parts[0]+"."+encoded, key)
		if err != nil {
			t.Fatal(err)
		}
		return parts[0] + "." + encoded + "." + b64(signature)
	}
	with := func(name string, value interface{}) string {
		return is.good(map[string]interface{}{name: value})
	}
	now := time.Now().Unix()

	return []tokenRow{
		{"good", good, true},
		{"another kid", is.token(map[string]interface{}{"alg": "RS256", "kid": "nobody"}, is.claims(), jwt.SigningMethodRS256, key), false},
		{"another header", signRaw(t, `{"alg":"RS256", "kid":"k1"}`, body, jwt.SigningMethodRS256, key), false},
		{"another key", signRaw(t, head, body, jwt.SigningMethodRS256, testRSA(t, "k2")), true},
		{"a changed payload", parts[0] + "." + b64([]byte(strings.Replace(body, "user-1", "user-2", 1))) + "." + parts[2], true},
		{"two parts", parts[0] + "." + parts[1], false},
		{"four parts", good + ".x", false},
		{"no payload", parts[0] + ".." + parts[2], true},
		{"no payload, signed", signedText(""), true},
		{"no signature", parts[0] + "." + parts[1] + ".", true},
		{"a short signature", good[:len(good)-2], true},
		{"a longer signature", good + "AAAA", true},
		{"a line end in the signature", good[:len(good)-5] + "\n" + good[len(good)-5:], false},
		{"a line end for a letter of the signature", good[:len(good)-5] + "\n" + good[len(good)-4:], false},
		{"a line end in the payload", parts[0] + "." + parts[1][:8] + "\r\n" + parts[1][8:] + "." + parts[2], false},
		{"a line end in the payload, signed", signedText(parts[1][:8] + "\n" + parts[1][8:]), false},
		{"padding", good[:len(good)-1] + "=", false},
		{"spare bits", good[:len(good)-1] + nextLetter(good[len(good)-1]), false},
		{"too long", signed(strings.Replace(body, "user-1", strings.Repeat("u", 64<<10), 1)), false},

		{"no object", signed(`[1]`), true},
		{"null", signed(`null`), true},
		{"empty", signed(`{}`), true},
		{"a member twice", signed(strings.Replace(body, `"typ":`, `"typ":"ID","typ":`, 1)), true},
		{"a member twice, blanks", signed(strings.Replace(body, `"typ":`, `"typ" :"ID","typ" :`, 1)), true},
		{"a role list twice", signed(strings.Replace(body, `{"roles":["auditflow-role"]}`, `{"roles":["x"],"roles":["auditflow-role"]}`, 1)), true},
		{"blanks", signed(strings.ReplaceAll(body, ":", " : ")), true},
		{"escapes", signed(strings.Replace(body, "user-1", `user\u002d1`, 1)), true},
		{"umlauts", signed(strings.Replace(body, "user-1", "müller", 1)), true},
		{"no UTF-8", signed(strings.Replace(body, "user-1", "m\xfcller", 1)), true},
		{"trailing", signed(body + "x"), true},
		{"a list too deep", signed(strings.Replace(body, `"typ":`, `"deep":`+strings.Repeat("[", 40)+strings.Repeat("]", 40)+`,"typ":`, 1)), true},

		{"another issuer", with("iss", "https://evil.example"), true},
		{"no issuer", with("iss", nil), true},
		{"bound", with("cnf", map[string]interface{}{"jkt": "x"}), true},
		{"bound to null", signed(strings.Replace(body, `"typ":`, `"cnf":null,"typ":`, 1)), true},
		{"an ID token", with("typ", "ID"), true},
		{"typ in small letters", with("typ", "bearer"), true},
		{"no typ", with("typ", nil), true},
		{"expired", with("exp", now-3600), true},
		{"expired within leeway", with("exp", now-3), true},
		{"exp as text", with("exp", "2000000000"), true},
		{"exp null", with("exp", json.RawMessage("null")), true},
		{"no exp", with("exp", nil), true},
		{"exp too large", with("exp", 1<<60), true},
		{"exp with a fraction", with("exp", float64(now)+100.5), true},
		{"iat in the future", with("iat", now+3600), true},
		{"no iat", with("iat", nil), true},
		{"iat zero", with("iat", 0), true},
		{"iat as text", with("iat", "x"), true},
		{"nbf in the past", with("nbf", now-10), true},
		{"nbf in the future", with("nbf", now+3600), true},
		{"nbf null", signed(strings.Replace(body, `"typ":`, `"nbf":null,"typ":`, 1)), true},
		{"another audience", with("aud", "elsewhere"), true},
		{"one audience", with("aud", "account"), true},
		{"no audience", with("aud", nil), true},
		{"a number among the audiences", with("aud", []interface{}{"account", 1}), true},
		{"no sub", with("sub", nil), true},
		{"sub as a number", with("sub", 1), true},
		{"sub with a blank at its end", with("sub", "me "), true},
		{"sub empty", with("sub", ""), true},
		{"exp negative", with("exp", -3), true},
		{"another role first", with("realm_access", map[string]interface{}{"roles": []interface{}{"x", "auditflow-role"}}), true},
		{"another role", with("realm_access", map[string]interface{}{"roles": []interface{}{"x"}}), true},
		{"the role as text", with("realm_access", map[string]interface{}{"roles": "auditflow-role"}), true},
		{"the role at a client", is.good(map[string]interface{}{"realm_access": nil, "resource_access": map[string]interface{}{"account": map[string]interface{}{"roles": []interface{}{"auditflow-role"}}}}), true},
		{"a number among the roles", with("realm_access", map[string]interface{}{"roles": []interface{}{"auditflow-role", 1}}), true},
		{"no roles", with("realm_access", nil), true},
	}
}

// nextLetter changes the last bits of a base64 text.
func nextLetter(letter byte) string {
	letters := "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(letters[(strings.IndexByte(letters, letter)+1)%len(letters)])
}

// TestHeadsAreForgottenWithTheirKeys: a JOSE header known from a good token dies with
// its key, and with an algorithm that another middleware does not accept.
func TestHeadsAreForgottenWithTheirKeys(t *testing.T) {
	is := newTestIssuer(t)
	c := is.config()
	c.TokenCacheSize = 0
	c.JWKSRefresh = "1s"
	h, _ := build(t, c)
	token := is.good(nil)
	eventually(t, h, token, 200, "before")
	strict := is.config()
	strict.TokenCacheSize = 0
	strict.JWKSRefresh = "1s"
	strict.Algorithms = []string{"ES256"}
	other, _ := build(t, strict)
	if got := send(other, "GET", "/api/v1/auditflow", token).Code; got != 401 {
		t.Errorf("an algorithm that is not accepted: got %d, want 401", got)
	}
	is.publish(is.jwk("k2"))
	eventually(t, h, token, 401, "without its key")
	is.publish(is.jwk("k1"))
	eventually(t, h, token, 200, "with its key again")
}
