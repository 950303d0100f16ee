package verdict

// answers: how a refusal is told (RFC 6750, section 3; RFC 9457).
func answers() []Row {
	rows := []Row{
		row("HEAD without a token", noToken, anonymous, method("HEAD")),
		row("HEAD with a bad token", badToken, raw("garbage"), method("HEAD")),
		row("HEAD without the role", forbidden, carol, method("HEAD")),
		row("HEAD with two tokens", badRequest, authorization("Bearer <token>", "Bearer <token>"), method("HEAD")),
		row("HEAD while there are no keys", unavailable, config("down"), method("HEAD")),
		row("HEAD with the role", pass, method("HEAD")),
		row("HEAD on a public path", public, anonymous, method("HEAD"), path("/actuator")),
		row("HTTP/1.0 with a token", pass, proto("HTTP/1.0")),
		row("HTTP/1.0 without a token", noToken, proto("HTTP/1.0"), anonymous),
		row("a protocol of the future", Want{Status: 505, Server: true}, proto("HTTP/3.0")),
		row("a protocol that is none", unreadable, proto("HTTQ/1.1")),
		row("no token, JSON asked for", noToken, anonymous, asksJSON("application/json")),
		row("a bad token, JSON asked for", badToken, raw("garbage"), asksJSON("application/json")),
		row("no role, JSON asked for", forbidden, carol, asksJSON("application/json")),
		row("two tokens, JSON asked for", badRequest, authorization("Bearer <token>", "Bearer <token>"), asksJSON("application/json")),
		row("no keys, JSON asked for", unavailable, config("down"), asksJSON("application/json")),
		row("HEAD without a token, JSON asked for", noToken, anonymous, method("HEAD"), asksJSON("application/json")),
		row("a problem document asked for", noToken, anonymous, asksJSON("application/problem+json")),
		row("JSON asked for among others", noToken, anonymous, asksJSON("text/html;q=0.5, application/json;q=0.9, */*;q=0.1")),
		row("anything asked for", noToken, anonymous, line("Accept: */*")),
		row("HTML asked for", noToken, anonymous, line("Accept: text/html,application/xhtml+xml")),
		row("plain text asked for", noToken, anonymous, line("Accept: text/plain")),
		row("the challenge names the realm with its blank and umlaut", noToken, config("umlaut"), anonymous),
		row("a bad token there", badToken, config("umlaut"), raw("garbage")),
		row("the challenge names the realm that made the issuer", noToken, config("by-realm"), anonymous),
		row("the challenge of an issuer with keys elsewhere", noToken, config("jwks-url"), anonymous),
		row("the first issuer's realm where there are two", noToken, config("two"), anonymous),
	}
	for _, m := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "X"} {
		rows = append(rows,
			row(m+" without a token", noToken, anonymous, method(m), line("Content-Length: 0")),
			row(m+" with a token", pass, method(m), line("Content-Length: 0")),
			row(m+" without the role", forbidden, carol, method(m), line("Content-Length: 0")),
			row(m+" on a public path", public, anonymous, method(m), path("/actuator/health"), line("Content-Length: 0")),
		)
	}
	preflight := func(phrase string, want Want, more ...deviation) Row {
		return row(phrase, want, append([]deviation{config("preflight"), anonymous, method("OPTIONS"),
			line("Origin: https://app.example.org"), line("Access-Control-Request-Method: PUT")}, more...)...)
	}
	return append(rows,
		row("a preflight where it is not allowed", noToken, anonymous, method("OPTIONS"), line("Origin: https://app.example.org"), line("Access-Control-Request-Method: PUT")),
		preflight("a preflight where it is allowed", public),
		preflight("a preflight that spoofs a user id", public, line("X-User-Id: alice")),
		preflight("a preflight with a token gets no user id", public, authorization("Bearer <token>")),
		preflight("a preflight to a path without a rule", public, path("/nowhere")),
		preflight("a preflight with a body", noToken, line("Content-Length: 5"), content("hello")),
		preflight("a preflight with a chunked body", noToken, line("Transfer-Encoding: chunked"), content("5\r\nhello\r\n0\r\n\r\n")),
		preflight("a preflight by GET", noToken, method("GET")),
		preflight("a preflight by HEAD", noToken, method("HEAD")),
		row("OPTIONS without Origin", noToken, config("preflight"), anonymous, method("OPTIONS"), line("Access-Control-Request-Method: PUT")),
		row("OPTIONS without the method asked for", noToken, config("preflight"), anonymous, method("OPTIONS"), line("Origin: https://app.example.org")),
		row("OPTIONS with a token where preflights are allowed", pass, config("preflight"), method("OPTIONS")),

		row("keys of one realm", pass, config("single"), user("bob", "single")),
		row("a realm with an umlaut and a blank", pass, config("umlaut"), user("bob", "Läden 2")),
		row("a realm by its name", pass, config("by-realm"), user("bob", "Läden 2")),
		row("the first of two issuers", pass, config("two")),
		row("the second of two issuers, its audience", pass, config("two"), user("bob", "single"), claim("aud", "single-api")),
		row("the second of two issuers, the first's audience", badToken, config("two"), user("bob", "single")),
		row("the first of two issuers, the second's audience", badToken, config("two"), claim("aud", "single-api")),
		row("the second issuer's key under the first's name", badToken, config("two"), user("bob", "single"), issuedBy("demo")),
		row("the first issuer's key under the second's name", badToken, config("two"), issuedBy("single"), claim("aud", "single-api")),
		row("neither of two issuers", badToken, config("two"), user("bob", "other")),
		row("a public name and keys at an inner address", pass, config("jwks-url"), user("bob", "single"), claim("iss", "https://sso.example.org/realms/public")),
		row("the inner name there", badToken, config("jwks-url"), user("bob", "single")),
		row("the issuer is down", unavailable, config("down")),
		row("the issuer is down, the token garbage", badToken, config("down"), raw("garbage")),
		row("the issuer is down, no token", noToken, config("down"), anonymous),
		row("the issuer is down, a public path", public, config("down"), path("/actuator"), anonymous),
		row("the issuer is down, two tokens", badRequest, config("down"), authorization("Bearer <token>", "Bearer <token>")),
		row("the issuer is down, alg none", badToken, config("down"), token(unsigned("none"))),
		row("the issuer hangs", unavailable, config("hangs"), user("bob", "hangs")),
		row("the key set is HTML", unavailable, config("html"), user("bob", "html")),
		row("the key set has 5 MB", unavailable, config("huge"), user("bob", "huge")),
		row("the key set is an empty answer", unavailable, config("empty"), user("bob", "empty")),
		row("the key set has no keys", unavailable, config("no-keys"), user("bob", "no-keys")),
	)
}

// issuedBy writes another realm's name into the token.
func issuedBy(realm string) deviation {
	return func(r *request) { r.token = r.token.With("iss", r.site.realm(realm).URL()) }
}
