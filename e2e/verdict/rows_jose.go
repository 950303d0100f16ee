package verdict

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// jose: what a token's header says (RFC 7515, section 4; RFC 7518, section
// 3.1; RFC 8725).
func jose() []Row {
	rows := []Row{
		row("alg none, no signature", badToken, token(unsigned("none"))),
		row("alg None", badToken, token(unsigned("None"))),
		row("alg NONE", badToken, token(unsigned("NONE"))),
		row("alg nOnE", badToken, token(unsigned("nOnE"))),
		row("alg none with the good signature", badToken, head("alg", "none")),
		row("alg none with a blank", badToken, token(unsigned("none "))),
		row("alg empty", badToken, head("alg", "")),
		row("alg missing", badToken, noHead("alg")),
		row("alg missing, alg of another case there", badToken, noHead("alg"), head("Alg", "RS256")),
		row("alg null", badToken, head("alg", nil)),
		row("alg a number", badToken, head("alg", 256)),
		row("alg a list", badToken, head("alg", []string{"RS256"})),
		row("alg an object", badToken, head("alg", map[string]any{"name": "RS256"})),
		row("alg in lower case", badToken, head("alg", "rs256")),
		row("alg with a blank behind it", badToken, head("alg", "RS256 ")),
		row("alg with a hyphen", badToken, head("alg", "RS-256")),
		row("alg unknown", badToken, head("alg", "RS257")),
		row("alg RS1", badToken, head("alg", "RS1")),
		row("alg ES256K", badToken, by(demoKey("ES256")), head("alg", "ES256K")),
		row("alg eddsa in lower case", badToken, by(demoKey("EdDSA")), head("alg", "eddsa")),
		row("alg Ed25519, which is not Keycloak's name for it", badToken, by(demoKey("EdDSA")), head("alg", "Ed25519")),
		row("alg RSA-OAEP, an encryption", badToken, head("alg", "RSA-OAEP")),
		row("alg dir", badToken, head("alg", "dir")),
		row("alg of a key for another hash", badToken, head("alg", "RS512")),
		row("alg of the other RSA padding", badToken, head("alg", "PS256")),
		row("alg of another kind of key", badToken, head("alg", "ES256")),
		row("alg EdDSA with an RSA key's kid", badToken, head("alg", "EdDSA")),
		row("alg RS256 with an EC key's kid", badToken, by(demoKey("ES256")), head("alg", "RS256")),
		row("alg ES256 where only RS256 may be", badToken, config("rs256"), by(demoKey("ES256"))),
		row("alg PS256 where only RS256 may be", badToken, config("rs256"), by(demoKey("PS256"))),
		row("alg RS256 where only RS256 may be", pass, config("rs256")),
		row("alg RS256 where only ES256 may be", badToken, config("es256")),
		row("alg ES256 where only ES256 may be", pass, config("es256"), by(demoKey("ES256"))),

		row("HMAC with the public key's PEM as the secret", badToken, hmacWith("HS256", func(k *issuer.Key) []byte { return k.PublicPEM() })),
		row("HMAC with the public key's PEM without its last line break", badToken, hmacWith("HS256", func(k *issuer.Key) []byte {
			return []byte(strings.TrimSuffix(string(k.PublicPEM()), "\n"))
		})),
		row("HMAC with the public key's DER as the secret", badToken, hmacWith("HS256", func(k *issuer.Key) []byte { return k.PublicDER() })),
		row("HMAC with the key's JWK as the secret", badToken, hmacWith("HS256", func(k *issuer.Key) []byte { return jsonOf(k.JWK()) })),
		row("HMAC with the key's modulus as the secret", badToken, hmacWith("HS256", func(k *issuer.Key) []byte { return []byte(k.JWK()["n"].(string)) })),
		row("HMAC with an empty secret", badToken, hmacWith("HS256", func(*issuer.Key) []byte { return []byte{} })),
		row("HMAC 384 with the public key as the secret", badToken, hmacWith("HS384", func(k *issuer.Key) []byte { return k.PublicPEM() })),
		row("HMAC 512 with the public key as the secret", badToken, hmacWith("HS512", func(k *issuer.Key) []byte { return k.PublicPEM() })),
		row("HMAC with a secret that the key set gives away", badToken, config("odd"), user("bob", "odd"), by(this(oddOct))),

		row("kid missing where there are several keys", badToken, noHead("kid")),
		row("kid missing where there is one key", pass, config("single"), user("bob", "single"), noHead("kid")),
		row("kid missing where there is one key, but not the signer", badToken, config("single"), user("bob", "single"), noHead("kid"), forgedBy(this(issuer.Stranger("RS256")))),
		row("kid unknown", badToken, head("kid", "unknown")),
		row("kid unknown where there is one key", badToken, config("single"), user("bob", "single"), head("kid", "unknown")),
		row("kid empty", badToken, head("kid", "")),
		row("kid empty where there is one key", badToken, config("single"), user("bob", "single"), head("kid", "")),
		row("kid null", badToken, head("kid", nil)),
		row("kid null where there is one key", badToken, config("single"), user("bob", "single"), head("kid", nil)),
		row("kid a number", badToken, head("kid", 0)),
		row("kid true", badToken, head("kid", true)),
		row("kid a list with the right one", badToken, token(func(t issuer.Token, _ *Site) issuer.Token { return t.Head("kid", []any{t.Header["kid"]}) })),
		row("kid an object", badToken, head("kid", map[string]any{})),
		row("kid of 10,000 bytes", badToken, head("kid", strings.Repeat("k", 10000))),
		row("kid that climbs through folders", badToken, head("kid", "../../../../../../dev/null")),
		row("kid that asks a database", badToken, head("kid", "x' UNION SELECT 'secret")),
		row("kid that calls a command", badToken, head("kid", "x|/bin/true")),
		row("kid that is an address", badToken, head("kid", "http://127.0.0.1:1/key")),
		row("kid with a NUL byte behind it", badToken, kid(func(s string) string { return s + "\x00" })),
		row("kid with a blank behind it", badToken, kid(func(s string) string { return s + " " })),
		row("kid in the other case", badToken, kid(strings.ToUpper)),
		row("kid cut short", badToken, kid(func(s string) string { return s[:len(s)-1] })),
		row("kid in JSON's escapes", pass, headText(func(s string) string { return strings.Replace(s, `"kid":"`, `"k\u0069d":"`, 1) })),
		row("an escape and 60 members of no meaning", pass, headText(func(s string) string { return noted(s, 60) })),
		row("an escape and 400 members of no meaning", badToken, headText(func(s string) string { return noted(s, 400) })),
		row("kid of another key", badToken, token(func(t issuer.Token, s *Site) issuer.Token { return t.Head("kid", s.realm("demo").Key("RS512").ID) })),
		row("kid of the key for encryption, which signs", badToken, by(encryption)),
		row("kid of another realm's key, which signs", badToken, by(func(s *Site) *issuer.Key { return s.realm("other").Active() })),

		row("an own key in jwk, signed by it", badToken, stranger, embed("jwk", func(k *issuer.Key) any { return k.JWK() })),
		row("an own key in jwk and its kid", badToken, by(this(issuer.Stranger("RS256"))), embed("jwk", func(k *issuer.Key) any { return k.JWK() })),
		row("an own key in jwk and no kid", badToken, by(this(issuer.Stranger("RS256"))), noHead("kid"), embed("jwk", func(k *issuer.Key) any { return k.JWK() })),
		row("an own certificate in x5c, signed by its key", badToken, stranger, embed("x5c", func(k *issuer.Key) any { return k.JWK()["x5c"] })),
		row("an own address in jku, signed by that key", badToken, stranger, embed("jku", func(*issuer.Key) any { return "http://127.0.0.1:1/jwks" })),
		row("an own address in x5u, signed by that key", badToken, stranger, embed("x5u", func(*issuer.Key) any { return "http://127.0.0.1:1/cert" })),
		row("an own thumbprint in x5t#S256", badToken, stranger, embed("x5t#S256", func(k *issuer.Key) any { return k.JWK()["x5t#S256"] })),
		row("a right signature and a strange jwk, which nobody looks at", pass, head("jwk", issuer.Stranger("RS256").JWK())),
		row("a right signature and a jku, which nobody asks", pass, head("jku", "http://127.0.0.1:1/jwks")),
		row("a right signature and a header member of no meaning", pass, head("x-note", "hello")),
		row("a right signature and alg in the other case beside it", pass, head("ALG", "none")),

		row("crit with an unknown extension", badToken, head("crit", []string{"x"}), head("x", true)),
		row("crit with exp, which is there", badToken, head("crit", []string{"exp"}), head("exp", 4102444800)),
		row("crit empty", badToken, head("crit", []string{})),
		row("crit with b64", badToken, head("crit", []string{"b64"}), head("b64", true)),
		row("crit a string", badToken, head("crit", "x")),
		row("crit null", badToken, head("crit", nil)),
		row("crit with an empty name", badToken, head("crit", []string{""})),
		row("b64 false", badToken, head("b64", false)),
		row("b64 true", badToken, head("b64", true)),
		row("b64 false, the payload not encoded", badToken, head("b64", false), head("crit", []string{"b64"}),
			resigned(func(h, _ string) (string, string) { return h, "bob" })),
		row("zip", badToken, head("zip", "DEF")),
		row("zip null", badToken, head("zip", nil)),
		row("enc, as an encrypted token has", badToken, head("enc", "A128GCM")),
		row("enc and alg dir in three parts", badToken, head("alg", "dir"), head("enc", "A256GCM")),
	}
	for _, typ := range []string{"JWT", "jwt", "Jwt", "at+jwt", "AT+JWT", "At+Jwt", "application/at+jwt", "APPLICATION/AT+JWT"} {
		rows = append(rows, row("header typ "+typ, pass, head("typ", typ)))
	}
	rows = append(rows, row("header without typ", pass, noHead("typ")))
	for _, typ := range []string{
		"logout+jwt", "dpop+jwt", "JOSE", "JOSE+JSON", "secevent+jwt", "token-introspection+jwt", "id+jwt",
		"rt+jwt", "JWE", "", " JWT", "JWT ", "at+jwt; charset=utf-8", "application/", "text/at+jwt", "ＪＷＴ",
	} {
		rows = append(rows, row("header typ "+quoted(typ), badToken, head("typ", typ)))
	}
	for _, typ := range []any{nil, 1, true, []string{"JWT"}, map[string]any{}} {
		rows = append(rows, row("header typ "+string(jsonOf(typ)), badToken, head("typ", typ)))
	}
	return rows
}

// unsigned is an alg that means no signature, in any spelling.
func unsigned(alg string) func(issuer.Token, *Site) issuer.Token {
	return func(t issuer.Token, _ *Site) issuer.Token { return t.Unsigned().Head("alg", alg) }
}

// hmacWith signs with HMAC and a secret made of what everybody knows of the
// realm's key, whose kid stays (RFC 8725, section 2.1).
func hmacWith(alg string, secret func(*issuer.Key) []byte) deviation {
	return token(func(t issuer.Token, _ *Site) issuer.Token {
		return t.By(issuer.HMAC(alg, secret(t.Key)).WithID(t.Key.ID))
	})
}

// kid changes the kid's text.
func kid(change func(string) string) deviation {
	return token(func(t issuer.Token, _ *Site) issuer.Token { return t.Head("kid", change(t.Key.ID)) })
}

// noted puts an escape and members without a meaning into a header.
func noted(header string, members int) string {
	var b strings.Builder
	b.WriteString(`{"note":"\n"`)
	for i := range members {
		fmt.Fprintf(&b, `,"n%d":0`, i)
	}
	return b.String() + "," + header[1:]
}

// encryption is the realm demo's key for encryption.
func encryption(s *Site) *issuer.Key {
	for _, k := range s.realm("demo").Keys() {
		if k.Use == "enc" {
			return k.WithAlg("RS256")
		}
	}
	panic("the realm has no key for encryption")
}

// stranger signs with a key that no realm has and keeps the good one's kid.
var stranger = forgedBy(this(issuer.Stranger("RS256")))

// embed offers the signing key, or where to find it, in the header.
func embed(member string, value func(*issuer.Key) any) deviation {
	return token(func(t issuer.Token, _ *Site) issuer.Token { return t.Head(member, value(t.Key)) })
}

func jsonOf(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // values of the table's own
	}
	return b
}
