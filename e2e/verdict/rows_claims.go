package verdict

import (
	"strings"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// claims: what a token must say of itself (RFC 7519, section 4.1; RFC 9068;
// what Keycloak's realm key signs besides).
func claims() []Row {
	rows := []Row{
		row("exp missing", badToken, without("exp")),
		row("exp missing, Exp there", badToken, without("exp"), claim("Exp", in(300))),
		row("exp missing, EXP there", badToken, without("exp"), claim("EXP", in(300))),
		row("exp a minute ago", badToken, claim("exp", in(-60))),
		row("exp an hour ago", badToken, claim("exp", in(-3600))),
		row("exp 15 seconds ago, 10 are allowed", badToken, claim("exp", in(-15))),
		row("exp 4 seconds ago, 10 are allowed", pass, claim("exp", in(-4))),
		row("exp 4 seconds ago, none are allowed", badToken, config("no-leeway"), claim("exp", in(-4))),
		row("exp a minute ago, two are allowed", pass, config("long-leeway"), claim("exp", in(-60))),
		row("exp three minutes ago, two are allowed", badToken, config("long-leeway"), claim("exp", in(-180))),
		row("exp a minute ago, nothing is remembered", badToken, config("no-cache"), claim("exp", in(-60))),
		row("exp in ten years", pass, claim("exp", in(315360000))),
		row("nbf in a minute", badToken, claim("nbf", in(60))),
		row("nbf in 15 seconds, 10 are allowed", badToken, claim("nbf", in(16))),
		row("nbf in 4 seconds, 10 are allowed", pass, claim("nbf", in(4))),
		row("nbf in 4 seconds, none are allowed", badToken, config("no-leeway"), claim("nbf", in(6))),
		row("nbf a minute ago", pass, claim("nbf", in(-60))),
		row("iat in a minute", badToken, claim("iat", in(60))),
		row("iat in 4 seconds, 10 are allowed", pass, claim("iat", in(4))),
		row("iat in an hour", badToken, claim("iat", in(3600))),
		row("iat missing", pass, without("iat")),
		row("iat and nbf missing", pass, without("iat", "nbf")),
		row("exp before iat, both past", badToken, claim("iat", in(-60)), claim("exp", in(-120))),
	}
	// Each of the three times in every shape that is no time.
	for _, name := range []string{"exp", "nbf", "iat"} {
		for _, text := range []string{
			"null", "true", `""`, `"soon"`, `"1"`, `"4102444800"`, "[]", "{}", "[4102444800]",
			"-1", "-4102444800", "9007199254740993", "1e17", "1e308", "-0.5",
		} {
			rows = append(rows, row(name+" "+text, badToken, claimJSON(name, text)))
		}
		for _, text := range []string{"NaN", "Infinity", "1e400", "0x7fffffff", "01", "+1", "1.", ".5", "1_000", "'1'", "undefined"} {
			rows = append(rows, row(name+" "+text+", which is no JSON number that fits", badToken, claimJSON(name, text)))
		}
	}
	rows = append(rows,
		row("exp a fraction", pass, claimJSON("exp", "4102444800.75")),
		row("exp with an exponent", pass, claimJSON("exp", "4.1024448e9")),
		row("exp as large as a number can be told", pass, claimJSON("exp", "9007199254740991")),
		row("nbf a fraction", pass, claimJSON("nbf", "1.5")),
		row("nbf zero", pass, claimJSON("nbf", "0")),
		row("iat a fraction", pass, claimJSON("iat", "1700000000.123")),
		row("exp zero", badToken, claimJSON("exp", "0")),
		row("another claim beyond any number", badToken, alsoClaims(`"x":1e400`)),

		row("iss missing", badToken, without("iss")),
		row("iss of another realm, signed by our key", badToken, claim("iss", "https://sso.example.org/realms/other")),
		row("iss with a slash behind it", badToken, change("iss", func(s string) string { return s + "/" })),
		row("iss in the other case", badToken, change("iss", strings.ToUpper)),
		row("iss with the realm in the other case", badToken, change("iss", func(s string) string { return strings.Replace(s, "demo", "Demo", 1) })),
		row("iss cut short", badToken, change("iss", func(s string) string { return s[:len(s)-1] })),
		row("iss longer than ours", badToken, change("iss", func(s string) string { return s + "2" })),
		row("iss with a blank behind it", badToken, change("iss", func(s string) string { return s + " " })),
		row("iss with a NUL byte behind it", badToken, change("iss", func(s string) string { return s + "\x00" })),
		row("iss with https for http", badToken, change("iss", func(s string) string { return strings.Replace(s, "http:", "https:", 1) })),
		row("iss with a port spelled otherwise", badToken, change("iss", func(s string) string { return strings.Replace(s, "127.0.0.1", "localhost", 1) })),
		row("iss in escapes", pass, claimsText(func(s string) string { return strings.Replace(s, "/realms/demo", `\/realms\/dem\u006f`, 1) })),
		row("iss null", badToken, claim("iss", nil)),
		row("iss empty", badToken, claim("iss", "")),
		row("iss a list with the right one", badToken, token(func(t issuer.Token, _ *Site) issuer.Token { return t.With("iss", []any{t.Claims["iss"]}) })),
		row("iss an object", badToken, claim("iss", map[string]any{})),
		row("Iss for iss", badToken, token(func(t issuer.Token, _ *Site) issuer.Token { return t.With("Iss", t.Claims["iss"]).Without("iss") })),
		row("a good token of another realm", badToken, user("bob", "other")),
		row("a good token of another realm under our kid", badToken, user("bob", "other"), token(func(t issuer.Token, s *Site) issuer.Token { return t.Head("kid", s.realm("demo").Active().ID) })),
		row("our key's token that says another realm", badToken, token(func(t issuer.Token, s *Site) issuer.Token { return t.With("iss", s.realm("other").URL()) })),

		row("aud missing", badToken, without("aud")),
		row("aud a string that fits", pass, claim("aud", "labs64-api")),
		row("aud a list that fits", pass, claim("aud", []string{"account", "labs64-api"})),
		row("aud a list with nothing else", pass, claim("aud", []string{"labs64-api"})),
		row("aud a list with the same twice", pass, claim("aud", []string{"labs64-api", "labs64-api"})),
		row("aud a string that does not fit", badToken, claim("aud", "account")),
		row("aud a list that does not fit", badToken, claim("aud", []string{"account", "other-api"})),
		row("aud empty", badToken, claim("aud", "")),
		row("aud an empty list", badToken, claim("aud", []string{})),
		row("aud null", badToken, claim("aud", nil)),
		row("aud a number", badToken, claim("aud", 1)),
		row("aud true", badToken, claim("aud", true)),
		row("aud an object", badToken, claim("aud", map[string]any{"labs64-api": true})),
		row("aud a list with a number beside ours", badToken, claim("aud", []any{"labs64-api", 1})),
		row("aud a list with null beside ours", badToken, claim("aud", []any{nil, "labs64-api"})),
		row("aud a list of lists", badToken, claim("aud", []any{[]any{"labs64-api"}})),
		row("aud in the other case", badToken, claim("aud", "Labs64-Api")),
		row("aud that begins like ours", badToken, claim("aud", "labs64-api2")),
		row("aud that is a part of ours", badToken, claim("aud", "labs64")),
		row("aud with ours among words", badToken, claim("aud", "account labs64-api")),
		row("aud with ours after a comma", badToken, claim("aud", "account,labs64-api")),
		row("aud with a blank behind it", badToken, claim("aud", "labs64-api ")),
		row("Aud for aud", badToken, without("aud"), claim("Aud", "labs64-api")),
		row("aud the second of two audiences", pass, config("audiences")),
		row("aud the first of two audiences", pass, config("audiences"), claim("aud", "first-api")),
		row("aud neither of two audiences", badToken, config("audiences"), claim("aud", "third-api")),
		row("aud not looked at: another one", pass, config("skip-audience"), claim("aud", "other-api")),
		row("aud not looked at: missing", pass, config("skip-audience"), without("aud")),

		row("azp that fits", pass, config("azp")),
		row("azp another", badToken, config("azp"), claim("azp", "labs64-batch")),
		row("azp missing where it is asked for", badToken, config("azp"), without("azp")),
		row("azp empty where it is asked for", badToken, config("azp"), claim("azp", "")),
		row("azp a list where it is asked for", badToken, config("azp"), claim("azp", []string{"labs64-web"})),
		row("azp in the other case", badToken, config("azp"), claim("azp", "Labs64-Web")),
		row("azp right, client_id another", pass, config("azp"), claim("client_id", "labs64-batch")),
		row("azp another, client_id right", badToken, config("azp"), claim("azp", "x"), claim("client_id", "labs64-web")),
		row("azp missing where any is good", pass, without("azp")),
		row("azp another where any is good", pass, claim("azp", "whoever")),
	)

	for _, typ := range []string{"Bearer", "bearer", "BEARER", "bEARER"} {
		rows = append(rows, row("payload typ "+typ, pass, claim("typ", typ)))
	}
	for _, typ := range []any{
		"ID", "Refresh", "Offline", "Logout", "DPoP", "JWT", "at+jwt", "Bearer ", " Bearer", "Bear", "Bearers", "", "InitialAccessToken",
		"RegistrationAccessToken", "Serialized-ID", nil, 1, true, []string{"Bearer"}, map[string]any{},
	} {
		rows = append(rows, row("payload typ "+string(jsonOf(typ)), badToken, claim("typ", typ)))
	}
	return append(rows,
		row("payload typ missing", badToken, without("typ")),
		row("payload typ missing, Typ there", badToken, without("typ"), claim("Typ", "Bearer")),
		row("payload typ missing, no header typ", badToken, without("typ"), noHead("typ")),
		row("payload typ missing, header at+jwt", pass, without("typ"), head("typ", "at+jwt")),
		row("payload typ missing, header AT+JWT", pass, without("typ"), head("typ", "AT+JWT")),
		row("payload typ missing, header application/at+jwt", pass, without("typ"), head("typ", "application/at+jwt")),
		row("payload typ ID, header at+jwt", badToken, claim("typ", "ID"), head("typ", "at+jwt")),
		row("payload typ null, header at+jwt", badToken, claim("typ", nil), head("typ", "at+jwt")),
		row("payload typ empty, header at+jwt", badToken, claim("typ", ""), head("typ", "at+jwt")),
		row("payload typ DPoP, header at+jwt", badToken, claim("typ", "DPoP"), head("typ", "at+jwt")),
		row("payload typ missing where it may", pass, config("any-typ"), without("typ")),
		row("payload typ ID where it may be missing", badToken, config("any-typ"), claim("typ", "ID")),
		row("payload typ Refresh where it may be missing", badToken, config("any-typ"), claim("typ", "Refresh")),
		row("payload typ null where it may be missing", badToken, config("any-typ"), claim("typ", nil)),
		row("payload typ missing and cnf where typ may be missing", badToken, config("any-typ"), without("typ"), claim("cnf", map[string]any{"jkt": "x"})),

		row("cnf with a DPoP key's thumbprint", badToken, claim("cnf", map[string]any{"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"})),
		row("cnf with a certificate's thumbprint", badToken, claim("cnf", map[string]any{"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"})),
		row("cnf with a key", badToken, claim("cnf", map[string]any{"jwk": issuer.Stranger("ES256").JWK()})),
		row("cnf with a kid", badToken, claim("cnf", map[string]any{"kid": "x"})),
		row("cnf empty", badToken, claim("cnf", map[string]any{})),
		row("cnf null", badToken, claim("cnf", nil)),
		row("cnf a string", badToken, claim("cnf", "x")),

		row("an ID token", badToken, kind((*issuer.Realm).ID)),
		row("an ID token for our audience", badToken, kind((*issuer.Realm).ID), claim("aud", "labs64-api")),
		row("a refresh token", badToken, kind((*issuer.Realm).Refresh)),
		row("a refresh token signed with the realm's public key", badToken, kind((*issuer.Realm).Refresh), by(demoKey("RS256")), claim("aud", "labs64-api")),
		row("an offline token", badToken, kind((*issuer.Realm).Offline)),
		row("a logout token", badToken, kind((*issuer.Realm).Logout)),
		row("a logout token for our audience", badToken, kind((*issuer.Realm).Logout), claim("aud", "labs64-api")),
		row("a logout token with the header JWT", badToken, kind((*issuer.Realm).Logout), claim("aud", "labs64-api"), head("typ", "JWT")),
		row("a signed userinfo answer", badToken, kind((*issuer.Realm).UserInfo)),
		row("a signed userinfo answer for our audience, with exp", badToken, kind((*issuer.Realm).UserInfo), claim("aud", "labs64-api"), claim("exp", in(300))),
		row("an authorization response", badToken, token(func(_ issuer.Token, s *Site) issuer.Token { return s.realm("demo").Authorization() })),
		row("an authorization response for our audience", badToken, token(func(_ issuer.Token, s *Site) issuer.Token {
			return s.realm("demo").Authorization().With("aud", "labs64-api")
		})),
		row("a service account's token", pass, token(func(_ issuer.Token, s *Site) issuer.Token { return s.realm("demo").ServiceToken(issuer.ServiceClient) })),
	)
}

// change changes a claim that is a string.
func change(name string, edit func(string) string) deviation {
	return token(func(t issuer.Token, _ *Site) issuer.Token {
		return t.With(name, edit(t.Claims[name].(string)))
	})
}

// kind is another kind of token of bob's.
func kind(of func(*issuer.Realm, string) issuer.Token) deviation {
	return token(func(_ issuer.Token, s *Site) issuer.Token { return of(s.realm("demo"), "bob") })
}
