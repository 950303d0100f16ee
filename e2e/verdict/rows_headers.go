package verdict

import "strings"

// headers: what of a client's headers reaches the service, and what is set.
func headers() []Row {
	openPath := path("/v3/api-docs/index.html")
	rows := []Row{
		row("the user id is set", pass),
		row("the user id is not set on a public path", public, openPath),
		row("no user id on a public path without a token", public, openPath, anonymous),
		row("a public path with a bad token", public, openPath, authorization("Bearer garbage")),
		row("a public path with two tokens", public, openPath, authorization("Bearer <token>", "Bearer <token>"), sees("Authorization", "Bearer <token>", "Bearer <token>")),
		row("the token is passed on", pass, sees("Authorization", "Bearer <token>")),
		row("the token is kept back", pass, config("no-authorization"), sees("Authorization")),
		row("the token is kept back on a public path too", public, config("no-authorization"), openPath, sees("Authorization")),
		row("other credentials are kept back with it", public, config("no-authorization"), openPath, authorization("Basic Ym9iOmJvYg=="), sees("Authorization")),
		row("other headers pass", pass, line("X-Tenant: 7"), line("X-User-Ids: 1,2"), line("X-User: x"), sees("X-Tenant", "7"), sees("X-User-Ids", "1,2"), sees("X-User", "x")),
		row("the user id under another name", pass, config("user-header")),
		row("the usual name is nothing special then", pass, config("user-header"), line("X-User-Id: kept"), sees("X-User-Id", "kept")),
		row("a client's header of the other name goes", pass, config("user-header"), line("x_auth_subject: alice")),
		row("a client's header of the other name goes on a public path", public, config("user-header"), openPath, line("X-Auth.Subject: alice")),
	}
	// Every spelling that some backend folds into X-User-Id.
	spellings := []string{
		"X-User-Id", "x-user-id", "X-USER-ID", "X-User-ID", "x-uSER-iD", "X_User_Id", "x_user_id", "X_USER_ID", "X-User_Id", "X_User-Id",
		"X.User.Id", "X-User.Id", "x.user_id",
	}
	for _, c := range "!#$%&'*+^`|~" {
		spellings = append(spellings, strings.Join([]string{"X", "User", "Id"}, string(c)))
	}
	for _, name := range spellings {
		rows = append(rows,
			row("a client's "+name, pass, line(name+": alice")),
			row("a client's "+name+" on a public path", public, openPath, anonymous, line(name+": alice")),
			row("a client's "+name+" on a public path, with a token", public, openPath, line(name+": alice")),
		)
	}
	rows = append(rows,
		row("a client's X-User-Id on a path without a rule", noToken, path("/nowhere"), anonymous, line("X-User-Id: alice")),
		row("twenty spellings at once", pass, line(strings.Join(lines(spellings, ": alice"), "\r\n"))),
		row("X-User-Id ten times", pass, line(strings.TrimSuffix(strings.Repeat("X-User-Id: alice\r\n", 10), "\r\n"))),
		row("an empty X-User-Id", pass, line("X-User-Id:")),
		row("an empty X-User-Id where no user id is due", pass, line("X-User-Id:"), without("sub"), seesUser("")),
		row("a header's name with a blank in it", unreadable, line("X User Id: alice")),
		row("a header's name with a blank behind it", unreadable, line("X-User-Id : alice")),
		row("a header's name beyond ASCII", unreadable, line("X-Üser-Id: alice")),
		row("a line without a colon", unreadable, line("X-User-Id")),
		row("a line that begins with a colon", unreadable, line(": alice")),
		row("X-User-Id folded into another header's line", pass, line("X-Note: a\r\n X-User-Id: alice")),
		row("a line ended by a line feed alone", pass, line("X-Note: a\nX-User-Id: alice")),
		row("a carriage return within a value", unreadable, line("X-Note: a\rX-User-Id: alice")),
		row("a NUL byte within a value", unreadable, line("X-Note: a\x00b")),
		row("a user id in a trailer that is announced", pass, method("POST"), line("Transfer-Encoding: chunked"), line("Trailer: X-User-Id"),
			content("1\r\nx\r\n0\r\nX-User-Id: alice\r\n\r\n")),
		row("a user id in a trailer of another spelling", pass, method("POST"), line("Transfer-Encoding: chunked"), line("Trailer: X_User_Id, X-Sum"),
			content("1\r\nx\r\n0\r\nX_User_Id: alice\r\nX-Sum: 1\r\n\r\n")),
		row("a user id in a trailer on a public path", public, openPath, method("POST"), anonymous, line("Transfer-Encoding: chunked"), line("Trailer: X-User-Id"),
			content("1\r\nx\r\n0\r\nX-User-Id: alice\r\n\r\n")),

		row("Connection names X-User-Id", pass, line("Connection: X-User-Id")),
		row("Connection names X-User-Id among others", pass, line("Connection: close, x-user-id, keep-alive")),
		row("Connection names X-User-Id and the client sends it", pass, line("X-User-Id: alice"), line("Connection: X-User-Id")),
		row("Connection names Authorization", pass, line("Connection: Authorization")).
			inTraefik(noToken, "headers that Connection names are removed before any middleware"),
		row("Connection names Host", pass, line("Connection: Host")),
		row("Keep-Alive names X-User-Id", pass, line("Keep-Alive: X-User-Id")),
		row("Proxy-Connection names X-User-Id", pass, line("Proxy-Connection: X-User-Id")),
		row("TE and Trailer name X-User-Id", pass, line("TE: trailers"), line("Trailer: X-User-Id")),

		row("a body is passed on", pass, method("POST"), line("Content-Length: 5"), content("hello")),
		row("a chunked body is passed on", pass, method("PUT"), line("Transfer-Encoding: chunked"), content("5\r\nhello\r\n0\r\n\r\n")),
		row("Expect: 100-continue with a good token", pass, method("POST"), line("Expect: 100-continue"), line("Content-Length: 5"), content("hello")),
		row("Expect: 100-continue without a token", noToken, anonymous, method("POST"), line("Expect: 100-continue"), line("Content-Length: 5"), content("hello")),
		row("two different lengths of the body", unreadable, method("POST"), line("Content-Length: 5"), line("Content-Length: 6"), content("hello!")),
		row("a length and chunks", pass, method("POST"), line("Content-Length: 3"), line("Transfer-Encoding: chunked"), content("5\r\nhello\r\n0\r\n\r\n")),
		row("an upgrade with a token", pass, line("Connection: Upgrade"), line("Upgrade: websocket"), line("Sec-WebSocket-Version: 13"), line("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")),
		row("an upgrade without a token", noToken, anonymous, line("Connection: Upgrade"), line("Upgrade: websocket"), line("Sec-WebSocket-Version: 13"), line("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")),
		row("an upgrade that spoofs a user id", pass, line("Connection: Upgrade, X-User-Id"), line("Upgrade: websocket"), line("X-User-Id: alice")),

		row("a header that names another path does not count", forbidden, path("/api/v1/admin"), line("X-Forwarded-Uri: /v3/api-docs"), line("X-Original-Url: /v3/api-docs"), line("X-Rewrite-Url: /v3/api-docs")),
		row("a header that names another method does not count", forbidden, config("rules"), path("/orders"), method("POST"), line("X-Http-Method-Override: GET"), line("X-Method-Override: GET")),
		row("a header that names the user of a proxy does not count", noToken, anonymous, line("X-Forwarded-User: alice"), line("X-Remote-User: alice")),
	)

	with := func(value any) deviation { return claim("level", value) }
	set := func(phrase string, want Want, more ...deviation) Row {
		return row(phrase, want, append([]deviation{config("headers")}, more...)...)
	}
	return append(rows,
		set("claims become headers", pass, claim("email", "bob@example.org"), sees("X-User-Name", "bob"), sees("X-User-Email", "bob@example.org"), sees("X-Verified", "true")),
		set("the roles that counted, sorted", pass, roles("auditflow-role", "b", "a"), without("resource_access"), sees("X-User-Roles", "a,auditflow-role,b")),
		set("a role with a comma is left out of the header", pass, roles("auditflow-role", "x,admin-role"), without("resource_access"), sees("X-User-Roles", "auditflow-role")),
		set("a role with a line break is left out of the header", pass, roles("auditflow-role", "x\r\ny"), without("resource_access"), sees("X-User-Roles", "auditflow-role")),
		set("no roles of other clients in the header", pass, roles("auditflow-role"), claim("resource_access", map[string]any{"other": map[string]any{"roles": []string{"x"}}}), sees("X-User-Roles", "auditflow-role")),
		set("a client's own headers go", pass, without("email"), line("X-User-Email: alice@example.org"), line("x_user_roles: admin"), line("X-Level: 9"), sees("X-User-Email"), sees("X-Level")),
		set("a client's own headers go on a public path", public, openPath, anonymous, line("X-User-Email: a"), line("X.User.Roles: admin"), line("X_Level: 9"),
			sees("X-User-Email"), sees("X-User-Roles"), sees("X-Level")),
		set("a string", pass, with("high"), sees("X-Level", "high")),
		set("an empty string is no header", pass, with(""), line("X-Level: 9"), sees("X-Level")),
		set("null is no header", pass, with(nil), line("X-Level: 9"), sees("X-Level")),
		set("a number", pass, with(7), sees("X-Level", "7")),
		set("a number beyond what a float can tell", pass, claimJSON("level", "12345678901234567890"), sees("X-Level", "12345678901234567890")),
		set("a fraction as it is written", pass, claimJSON("level", "1.50"), sees("X-Level", "1.50")),
		set("false", pass, with(false), sees("X-Level", "false")),
		set("a string with a line break is no header", pass, with("a\r\nX-User-Id: alice"), line("X-Level: 9"), sees("X-Level")),
		set("a string with a NUL byte is no header", pass, with("a\x00"), sees("X-Level")),
		set("a string with umlauts", pass, with("Größe"), sees("X-Level", "Größe")),
		set("a list", pass, claim("groups", []string{"/a", "/b c"}), sees("X-Groups", "/a,/b c")),
		set("an empty list is no header", pass, claim("groups", []string{}), line("X-Groups: x"), sees("X-Groups")),
		set("a list's element with a comma is left out", pass, claim("groups", []string{"/a", "/b,/admin"}), sees("X-Groups", "/a")),
		set("a list's element with a line break is left out", pass, claim("groups", []string{"/a\n/admin", "/b"}), sees("X-Groups", "/b")),
		set("a list of nothing but such elements is no header", pass, claim("groups", []string{"a,b"}), sees("X-Groups")),
		set("a list with a number is no header", pass, claim("groups", []any{"/a", 1}), sees("X-Groups")),
		set("an object as its text", pass, claim("address", map[string]any{"city": "Köln"}), sees("X-Address", `{"city":"Köln"}`), sees("X-City", "Köln")),
		set("an object's member that is missing is no header", pass, claim("address", map[string]any{}), line("X-City: x"), sees("X-City")),
		set("a member of what is no object is no header", pass, claim("address", "Köln"), sees("X-City"), sees("X-Address", "Köln")),
		set("a claim's name with a dot", pass, claim("app.tenant", "blue"), sees("X-Dotted", "blue")),
		set("a path with a dot where there is no such name", pass, claim("app", map[string]any{"tenant": "green"}), sees("X-Dotted", "green")),
		set("a claim's name with a dot before a path", pass, claim("app.tenant", "blue"), claim("app", map[string]any{"tenant": "green"}), sees("X-Dotted", "blue")),
		set("a claim of another case is another claim", pass, claim("Level", "9"), sees("X-Level")),
	)
}

// lines makes a header line of each name, all with one value.
func lines(names []string, value string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = name + value
	}
	return out
}
