package verdict

import (
	"fmt"
	"strings"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// shape: how a credential comes, and what a token looks like before anything
// in it is believed (RFC 6750, section 2.1; RFC 7515, sections 2 and 3.1).
func shape() []Row {
	return []Row{
		row("the allowed request", pass),
		row("no Authorization header", noToken, anonymous),
		row("an empty Authorization header", noToken, authorization("")),
		row("another scheme", noToken, authorization("Basic Ym9iOmJvYg==")),
		row("another scheme that holds a token", noToken, authorization("Basic <token>")),
		row("the scheme DPoP", noToken, authorization("DPoP <token>")),
		row("the scheme Negotiate", noToken, authorization("Negotiate <token>")),
		row("a token without a scheme", noToken, authorization("<token>")),
		row("no blank behind the scheme", noToken, authorization("Bearer<token>")),
		row("a scheme that begins like ours", noToken, authorization("Bearers <token>")),
		row("the scheme in lower case", pass, authorization("bearer <token>")),
		row("the scheme in upper case", pass, authorization("BEARER <token>")),
		row("the scheme in mixed case", pass, authorization("bEaReR <token>")),
		row("two blanks behind the scheme", pass, authorization("Bearer  <token>")),
		row("blanks around the value", pass, authorization("  Bearer <token>  ")),
		row("no blank behind the header's colon", pass, anonymous, line("Authorization:Bearer <token>")),
		row("the header's name in lower case", pass, anonymous, line("authorization: Bearer <token>")),
		row("the header's name in upper case", pass, anonymous, line("AUTHORIZATION: Bearer <token>")),
		row("a blank before the header's colon", unreadable, anonymous, line("Authorization : Bearer <token>")),
		row("a header folded over two lines", pass, anonymous, line("Authorization: Bearer\r\n <token>")),
		row("the scheme alone", badRequest, authorization("Bearer")),
		row("the scheme and blanks", badRequest, authorization("Bearer   ")),
		row("two tokens in one header, a blank between", badRequest, authorization("Bearer <token> <token>")),
		row("two tokens in one header, a comma between", badRequest, authorization("Bearer <token>,<token>")),
		row("two credentials in one header", badRequest, authorization("Bearer <token>, Bearer <token>")),
		row("another scheme beside ours in one header", badRequest, authorization("Bearer <token>, Basic Ym9iOmJvYg==")),
		row("a comma behind the token", badRequest, authorization("Bearer <token>,")),
		row("two commas", badRequest, authorization("Bearer <token>,,")),
		row("a token in quotes", badToken, authorization(`Bearer "<token>"`)),
		row("a token as a parameter", badToken, authorization("Bearer token=<token>")),
		row("a quoted parameter behind the token", badRequest, authorization(`Bearer <token>, realm="demo"`)),
		row("a letter that no token has", badToken, authorization("Bearer <token>!")),
		row("a letter beyond ASCII", badToken, authorization("Bearer <token>é")),
		row("a letter beyond ASCII in the scheme", noToken, authorization("Beärer <token>")),
		row("words", badRequest, authorization("Bearer not a token")),
		row("a tab within the token", badRequest, authorization("Bearer x\tx")),
		row("a control byte within the token", unreadable, authorization("Bearer x\x01x")),
		row("a NUL byte within the token", unreadable, authorization("Bearer x\x00x")),

		row("two Authorization headers, the same", badRequest, authorization("Bearer <token>", "Bearer <token>")),
		row("two Authorization headers, the good one first", badRequest, authorization("Bearer <token>", "Bearer garbage")),
		row("two Authorization headers, the good one last", badRequest, authorization("Bearer garbage", "Bearer <token>")),
		row("a second Authorization header of another scheme", badRequest, authorization("Bearer <token>", "Basic Ym9iOmJvYg==")),
		row("another scheme's Authorization header first", badRequest, authorization("Basic Ym9iOmJvYg==", "Bearer <token>")),
		row("a second, empty Authorization header", badRequest, authorization("Bearer <token>", "")),
		row("two Authorization headers, one in lower case", badRequest, line("authorization: Bearer <token>")),
		row("two headers without any token", badRequest, authorization("Basic Ym9iOmJvYg==", "Basic Ym9iOmJvYg==")),
		row("three Authorization headers", badRequest, authorization("Bearer <token>", "Bearer <token>", "Bearer <token>")),

		row("a token in Proxy-Authorization", noToken, anonymous, line("Proxy-Authorization: Bearer <token>")),
		row("a token in X-Forwarded-Access-Token", noToken, anonymous, line("X-Forwarded-Access-Token: <token>")),
		row("a token in a header spelled with an underscore", noToken, anonymous, line("Authorization_: Bearer <token>")),
		row("a token in the query, which is off", noToken, anonymous, path("/api/v1/auditflow/jobs?access_token=<token>")),
		row("a token in the query beside the header", pass, path("/api/v1/auditflow/jobs?access_token=x")),
		row("a token in a cookie, which is off", noToken, anonymous, line("Cookie: session=<token>; access_token=<token>")),
		row("a token in a form body", noToken, anonymous, method("POST"),
			line("Content-Type: application/x-www-form-urlencoded"), line("Content-Length: 14"), content("access_token=x")),

		row("a cookie's token where it is on", pass, config("cookie"), anonymous, line("Cookie: a=b; session=<token>; c=d")),
		row("the header where the cookie is on", pass, config("cookie")),
		row("a cookie and a header", badRequest, config("cookie"), line("Cookie: session=<token>")),
		row("two cookies of the name", badRequest, config("cookie"), anonymous, line("Cookie: session=<token>; session=<token>")),
		row("two Cookie headers with the name", badRequest, config("cookie"), anonymous, line("Cookie: session=<token>"), line("Cookie: session=<token>")),
		row("a cookie of another name", noToken, config("cookie"), anonymous, line("Cookie: sessions=<token>; Session=<token>")),
		row("a cookie that is no token", badToken, config("cookie"), anonymous, line("Cookie: session=garbage")),
		row("a query's token where it is on", pass, config("query"), anonymous, path("/api/v1/auditflow/jobs?a=b&access_token=<token>")),
		row("a query's token twice", badRequest, config("query"), anonymous, path("/api/v1/auditflow/jobs?access_token=<token>&access_token=<token>")),
		row("a query's token and a header", badRequest, config("query"), path("/api/v1/auditflow/jobs?access_token=<token>")),
		row("a query parameter of another case", noToken, config("query"), anonymous, path("/api/v1/auditflow/jobs?Access_Token=<token>")),
		row("a cookie and a query's token", badRequest, config("cookie-and-query"), anonymous,
			path("/api/v1/auditflow/jobs?access_token=<token>"), line("Cookie: session=<token>")),

		row("garbage", badToken, raw("garbage")),
		row("a dot", badToken, raw(".")),
		row("two dots", badToken, raw("..")),
		row("one part", badToken, parts(func(h, _, _ string) string { return h })),
		row("two parts", badToken, parts(func(h, p, _ string) string { return h + "." + p })),
		row("no signature behind the last dot", badToken, parts(func(h, p, _ string) string { return h + "." + p + "." })),
		row("an empty payload", badToken, parts(func(h, _, s string) string { return h + ".." + s })),
		row("an empty header", badToken, parts(func(_, p, s string) string { return "." + p + "." + s })),
		row("four parts", badToken, parts(func(h, p, s string) string { return h + "." + p + "." + s + "." + s })),
		row("a dot behind the token", badToken, compact(func(s string) string { return s + "." })),
		row("a dot before the token", badToken, compact(func(s string) string { return "." + s })),
		row("five parts, as an encrypted token has", badToken, parts(func(h, p, s string) string { return h + "." + p + "." + s + "." + s + "." + s })),
		row("a token that is 10,000 dots", badToken, raw(strings.Repeat(".", 10000))),
		row("the JSON serialization of a JWS", badRequest, raw(`{"payload":"e30","signatures":[]}`)),
		row("a thousand letters of nothing", badToken, raw(strings.Repeat("x", 1000))),

		row("base64 with padding, header", badToken, spare, resigned(func(h, p string) (string, string) { return h + "=", p })),
		row("base64 with padding, signature", badToken, compact(func(s string) string { return s + "=" })),
		row("base64 with two paddings, signature", badToken, compact(func(s string) string { return s + "==" })),
		row("base64 of the other alphabet, signature", badToken, parts(func(h, p, s string) string { return h + "." + p + "." + "+/+/" + s[4:] })),
		row("base64 of an impossible length, header", badToken, resigned(func(h, p string) (string, string) { return lengthen(h), p })),
		row("base64 of an impossible length, payload", badToken, resigned(func(h, p string) (string, string) { return h, lengthen(p) })),
		row("base64 of an impossible length, signature", badToken, parts(func(h, p, s string) string { return h + "." + p + "." + lengthen(s) })),
		row("a tilde within a part", badToken, parts(func(h, p, s string) string { return h + "." + p + "~." + s })),
		row("stray bits at the end of the header", badToken, spare, resigned(func(h, p string) (string, string) { return loose(h), p })),
		row("stray bits at the end of the payload", badToken, spare, resigned(func(h, p string) (string, string) { return h, loose(p) })),
		row("stray bits at the end of the signature", badToken, parts(func(h, p, s string) string { return h + "." + p + "." + loose(s) })),

		row("as many bytes as a token may have", pass, sized(32768)),
		row("one byte more than a token may have", badToken, sized(32769)),
		row("a token of 100 kB", badToken, sized(100000)),
		row("a token of 100 kB where it may have 150", pass, config("long-token"), sized(100000)),
		row("a token of 1000 bytes where it may have as many", pass, config("short-token"), small, sized(1000)),
		row("a token of 1001 bytes where it may have 1000", badToken, config("short-token"), small, sized(1001)),
		row("garbage of 500 kB", badToken, raw(strings.Repeat("x", 500000))),

		row("a header that is no JSON", badToken, headText(func(string) string { return "alg: RS256" })),
		row("a header that is empty", badToken, headText(func(string) string { return "" })),
		row("a header that is an empty object", badToken, headText(func(string) string { return "{}" })),
		row("a header that is a list", badToken, headText(func(s string) string { return "[" + s + "]" })),
		row("a header that is null", badToken, headText(func(string) string { return "null" })),
		row("a header that is a string", badToken, headText(func(s string) string { return quoted(s) })),
		row("a header that breaks off", badToken, headText(func(s string) string { return s[:len(s)-1] })),
		row("a header with bytes behind it", badToken, headText(func(s string) string { return s + "x" })),
		row("a header with another one behind it", badToken, headText(func(s string) string { return s + s })),
		row("a header with a NUL byte behind it", badToken, headText(func(s string) string { return s + "\x00" })),
		row("a header that begins with a byte order mark", badToken, headText(func(s string) string { return "\ufeff" + s })),
		row("a header with a comment", badToken, headText(func(s string) string { return s + "/**/" })),
		row("a header with a comma too many", badToken, headText(func(s string) string { return s[:len(s)-1] + ",}" })),
		row("a header in invalid UTF-8", badToken, alsoHead("\"x\":\"\xff\"")),
		row("a header with a raw line break in a string", badToken, alsoHead("\"x\":\"a\nb\"")),
		row("a header with blanks in it", pass, headText(spaced)),
		row("a header with lists 10,000 deep", badToken, alsoHead(`"x":`+nested(10000))),
		row("a header with lists 100 deep", badToken, alsoHead(`"x":`+nested(100))),
		row("a header with lists 1,000 deep that never end", badToken, alsoHead(`"x":`+strings.Repeat("[", 1000))),

		row("a payload that is no JSON", badToken, claimsText(func(string) string { return "sub: bob" })),
		row("a payload that is an empty object", badToken, claimsText(func(string) string { return "{}" })),
		row("a payload that is a list", badToken, claimsText(func(s string) string { return "[" + s + "]" })),
		row("a payload that is null", badToken, claimsText(func(string) string { return "null" })),
		row("a payload that is a number", badToken, claimsText(func(string) string { return "1" })),
		row("a payload that is a token itself", badToken, claimsText(func(string) string { return "e30.e30.e30" })),
		row("a payload that breaks off", badToken, claimsText(func(s string) string { return s[:len(s)-1] })),
		row("a payload with bytes behind it", badToken, claimsText(func(s string) string { return s + "x" })),
		row("a payload with another one behind it", badToken, claimsText(func(s string) string { return s + s })),
		row("a payload that begins with a byte order mark", badToken, claimsText(func(s string) string { return "\ufeff" + s })),
		row("a payload in invalid UTF-8", badToken, alsoClaims("\"x\":\"\xc3\x28\"")),
		row("a payload with an overlong UTF-8 form", badToken, alsoClaims("\"x\":\"\xc0\xaf\"")),
		row("a payload with a UTF-8 surrogate", badToken, alsoClaims("\"x\":\"\xed\xa0\x80\"")),
		row("a payload with invalid UTF-8 in a name", badToken, alsoClaims("\"x\xff\":1")),
		row("a payload with blanks in it", pass, claimsText(spaced)),
		row("a payload with lists 10,000 deep", badToken, alsoClaims(`"x":`+nested(10000))),
		row("a payload with objects 5,000 deep", badToken, alsoClaims(`"x":`+strings.Repeat(`{"x":`, 5000)+"1"+strings.Repeat("}", 5000))),
		row("a payload with lists 5 deep", pass, alsoClaims(`"x":`+nested(5))),
		row("a payload with 1,000 more claims", pass, alsoClaims(many(1000))),

		row("exp twice, the good one last", badToken, claim("exp", in(-600)), alsoClaims(`"exp":4102444800`)),
		row("exp twice, the good one first", badToken, alsoClaims(`"exp":1`)),
		row("exp twice, once with an escape in its name", badToken, alsoClaims(`"\u0065xp":4102444800`)),
		row("sub twice", badToken, alsoClaims(`"sub":"alice"`)),
		row("sub twice, the same", badToken, claim("sub", "x"), alsoClaims(`"sub":"x"`)),
		row("aud twice", badToken, alsoClaims(`"aud":"labs64-api"`)),
		row("iss twice", badToken, claim("iss", "https://elsewhere.example"), alsoClaims(`"iss":"x"`)),
		row("realm_access twice", badToken, alsoClaims(`"realm_access":{"roles":["admin-role"]}`)),
		row("roles twice within realm_access", badToken, without("realm_access"), alsoClaims(`"realm_access":{"roles":[],"roles":["auditflow-role"]}`)),
		row("a client twice within resource_access", badToken, without("resource_access"),
			alsoClaims(`"resource_access":{"labs64-api":{"roles":[]},"labs64-api":{"roles":["auditflow-role"]}}`)),
		row("roles twice within a client's access", badToken, without("resource_access"),
			alsoClaims(`"resource_access":{"labs64-api":{"roles":[],"roles":["auditflow-role"]}}`)),
		row("alg twice", badToken, alsoHead(`"alg":"RS256"`)),
		row("alg twice, none first", badToken, headText(func(s string) string { return `{"alg":"none",` + s[1:] })),
		row("kid twice", badToken, alsoHead(`"kid":"x"`)),
		row("typ twice", badToken, alsoHead(`"typ":"JWT"`)),
	}
}

// lengthen makes a base64 text one character longer than a multiple of four,
// which no bytes encode to.
func lengthen(part string) string {
	for part += "A"; len(part)%4 != 1; part += "A" {
	}
	return part
}

// spaced puts white space where JSON allows it within an object.
func spaced(object string) string {
	return "{ \t\r\n " + object[1:len(object)-1] + "\n}"
}

// many are n members of an object.
func many(n int) string {
	members := make([]string, n)
	for i := range members {
		members[i] = fmt.Sprintf(`"claim-%d":%d`, i, i)
	}
	return strings.Join(members, ",")
}

// small leaves out what is long in the token.
var small = token(func(t issuer.Token, _ *Site) issuer.Token {
	return t.Without("name", "given_name", "family_name", "email", "email_verified", "preferred_username",
		"resource_access", "allowed-origins", "scope", "sid", "acr", "jti", "azp")
})
