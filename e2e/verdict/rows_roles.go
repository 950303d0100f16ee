package verdict

import "strings"

// rolesAndUsers: which roles a token has, and who it speaks for.
func rolesAndUsers() []Row {
	const audit, admin = "/api/v1/auditflow", "/api/v1/admin"
	clients := func(value any) deviation { return claim("resource_access", value) }
	at := func(client string, names ...any) deviation {
		return clients(map[string]any{client: map[string]any{"roles": names}})
	}
	rows := []Row{
		row("a role that suffices alone", pass, path(audit)),
		row("the other role that suffices", pass, alice, path(audit)),
		row("a role for another path", forbidden, path(admin)),
		row("the role for that path", pass, alice, path(admin)),
		row("no role", forbidden, carol, path(audit)),
		row("a role from the audience's client", pass, frank, path(audit)),
		row("realm_access missing", forbidden, without("realm_access")),
		row("realm_access missing, Realm_Access there", forbidden, without("realm_access"), claim("Realm_Access", map[string]any{"roles": []string{"auditflow-role"}})),
		row("roles missing within realm_access, Roles there", forbidden, access(map[string]any{"Roles": []string{"auditflow-role"}})),
		row("realm_access and resource_access missing", forbidden, without("realm_access", "resource_access")),
		row("roles at the payload's top", forbidden, without("realm_access"), claim("roles", []string{"auditflow-role"})),
		row("groups, which nobody configured", forbidden, without("realm_access"), claim("groups", []string{"auditflow-role"})),
		row("scope that names the role", forbidden, without("realm_access"), claim("scope", "auditflow-role")),
	}
	// Roles of a wrong JSON type are no roles.
	for _, wrong := range []string{
		`"auditflow-role"`, `"admin-role,auditflow-role"`, "1", "true", "null", "{}", `{"auditflow-role":true}`, `{"0":"auditflow-role"}`,
		`["auditflow-role",1]`, `[null,"auditflow-role"]`, `[["auditflow-role"]]`, `[{"name":"auditflow-role"}]`, "[]", "[1,2]",
	} {
		rows = append(rows,
			row("realm roles that are "+wrong, forbidden, claimJSON("realm_access", `{"roles":`+wrong+`}`)),
			row("client roles that are "+wrong, forbidden, carol, claimJSON("resource_access", `{"labs64-api":{"roles":`+wrong+`}}`)),
		)
	}
	for _, wrong := range []string{`"auditflow-role"`, "1", "true", "null", "[]", `["auditflow-role"]`, `[{"roles":["auditflow-role"]}]`} {
		rows = append(rows,
			row("realm_access that is "+wrong, forbidden, claimJSON("realm_access", wrong)),
			row("resource_access that is "+wrong, forbidden, carol, claimJSON("resource_access", wrong)),
			row("a client's access that is "+wrong, forbidden, carol, claimJSON("resource_access", `{"labs64-api":`+wrong+`}`)),
		)
	}
	for _, near := range []string{
		"Auditflow-Role", "AUDITFLOW-ROLE", "auditflow-role ", " auditflow-role", "auditflow-rol", "auditflow-roles", "auditflow_role",
		"auditflow", "role", "", "*", ".*", "auditflow-role\x00", "auditflow-role\n", "auditflow\u2010role", "auditflow-role\u200b", "ＡUDITFLOW-ROLE",
		"/auditflow-role", "labs64-api.auditflow-role", "labs64-api:auditflow-role", "ROLE_auditflow-role",
	} {
		rows = append(rows, row("a role that is nearly it: "+quoted(near), forbidden, roles(near)))
	}
	for role, where := range map[string]string{
		"role.with.dots": "/roles/dots", "role with blanks": "/roles/blanks", "group/role": "/roles/slash",
		"Prüfer-Läden": "/roles/umlaut", "🔑": "/roles/emoji", longRole: "/roles/long", "a,b": "/roles/comma",
	} {
		rows = append(rows, row("the role "+where[len("/roles/"):]+" is taken as it is", pass, roles(role), path(where)))
	}
	return append(rows,
		row("a role with letters composed otherwise", forbidden, roles("Pru\u0308fer-La\u0308den"), path("/roles/umlaut")),
		row("a role with umlauts in escapes", pass, claimJSON("realm_access", `{"roles":["Pr\u00fcfer-L\u00e4den"]}`), path("/roles/umlaut")),
		row("a role in the other case beyond ASCII", forbidden, roles("PRÜFER-LÄDEN"), path("/roles/umlaut")),
		row("the parts of a role with a comma", forbidden, roles("a", "b"), path("/roles/comma")),
		row("a role whose dots are other letters", forbidden, roles("roleXwithXdots"), path("/roles/dots")),
		row("the same role three times", pass, roles("auditflow-role", "auditflow-role", "auditflow-role")),
		row("the role among 300 long ones", pass, roles(append(longRoles(300), "auditflow-role")...)),

		row("a role of another client", forbidden, carol, at("other-api", "auditflow-role")),
		row("a role of a client in the other case", forbidden, carol, at("Labs64-Api", "auditflow-role")),
		row("a role of a client that begins like ours", forbidden, carol, at("labs64-api2", "auditflow-role")),
		row("a role of the account client", forbidden, carol, at("account", "auditflow-role")),
		row("a role of the client that azp names", forbidden, carol, at("labs64-web", "auditflow-role")),
		row("a role of a client with a dot", pass, config("client-roles"), carol, at("billing.api", "auditflow-role")),
		row("a role of a client whose dot is a level", forbidden, config("client-roles"), carol,
			clients(map[string]any{"billing": map[string]any{"api": map[string]any{"roles": []string{"auditflow-role"}}}})),
		row("a role of a client with a slash", pass, config("client-roles"), carol, at("team/blue", "auditflow-role")),
		row("a role of a client with an umlaut and a blank", pass, config("client-roles"), carol, at("Größe 1", "auditflow-role")),
		row("a role of the audience where other clients are named", forbidden, config("client-roles"), carol, at("labs64-api", "auditflow-role")),
		row("a role of a named client where the audience is another", pass, config("no-client-roles"), frank),

		row("a group where groups count", pass, config("roles-claim"), carol, claim("groups", []string{"auditflow-role"})),
		row("a realm role where groups count too", pass, config("roles-claim")),
		row("a group with a slash is not the role without it", forbidden, config("roles-claim"), carol, claim("groups", []string{"/auditflow-role"})),
		row("groups as a string", forbidden, config("roles-claim"), carol, claim("groups", "auditflow-role")),
		row("groups with a number", forbidden, config("roles-claim"), carol, claim("groups", []any{"auditflow-role", 1})),
		row("roles under a name with dots and slashes", pass, config("roles-claim"), carol, claim("https://example.org/roles", []string{"auditflow-role"})),
		row("roles three levels deep", pass, config("roles-claim"), carol, claim("app", map[string]any{"team.blue": map[string]any{"roles": []string{"auditflow-role"}}})),
		row("roles three levels deep, a dot taken for a level", forbidden, config("roles-claim"), carol,
			claim("app", map[string]any{"team": map[string]any{"blue": map[string]any{"roles": []string{"auditflow-role"}}}})),
		row("roles where a level is a list", forbidden, config("roles-claim"), carol, claim("app", []any{map[string]any{"team.blue": 1}})),

		row("sub missing", pass, without("sub"), seesUser("")),
		row("sub missing, Sub there", pass, without("sub"), claim("Sub", "alice"), seesUser("")),
		row("sub missing and a user id from the client", pass, without("sub"), line("X-User-Id: alice"), seesUser("")),
		row("sub empty", pass, claim("sub", ""), seesUser("")),
		row("sub null", pass, claim("sub", nil), seesUser("")),
		row("sub a number", pass, claim("sub", 7), seesUser("")),
		row("sub true", pass, claim("sub", true), seesUser("")),
		row("sub an object", pass, claim("sub", map[string]any{"id": 1}), seesUser("")),
		row("sub a list", pass, claim("sub", []string{"alice"}), seesUser("")),
		row("sub with a line break", pass, claim("sub", "bob\r\nX-Role: admin"), sees("X-Role"), seesUser("")),
		row("sub with a line feed", pass, claim("sub", "bob\nX-Role: admin"), sees("X-Role"), seesUser("")),
		row("sub with a carriage return", pass, claim("sub", "bob\rbob"), seesUser("")),
		row("sub with a NUL byte", pass, claim("sub", "bob\x00"), seesUser("")),
		row("sub with a tab", pass, claim("sub", "bob\tbob"), seesUser("")),
		row("sub with a DEL byte", pass, claim("sub", "bob\x7f"), seesUser("")),
		row("sub with an escape sequence", pass, claim("sub", "bob\x1b[2J"), seesUser("")),
		row("sub with a control character beyond ASCII", pass, claim("sub", "bob\u0085bob"), seesUser("")),
		row("sub with a line separator", pass, claim("sub", "bob\u2028bob"), seesUser("")),
		row("sub with a blank before it, which would vanish on the way", pass, claim("sub", " alice"), seesUser("")),
		row("sub with a blank behind it, which would vanish on the way", pass, claim("sub", "alice "), seesUser("")),
		row("sub of nothing but blanks", pass, claim("sub", "   "), seesUser("")),
		row("sub with a blank within", pass, claim("sub", "bob the auditor")),
		row("sub with a comma", pass, claim("sub", "bob,alice")),
		row("sub with quotes and a colon", pass, claim("sub", `f:"1":bob`)),
		row("sub with umlauts", pass, claim("sub", "Jürgen Größe")),
		row("sub with letters of other scripts", pass, claim("sub", "боб-鲍勃-🔑")),
		row("sub of 4 kB", pass, claim("sub", strings.Repeat("b", 4096))),
		row("sub with an escaped half of a pair", badToken, claimJSON("sub", `"bob\ud800"`)),
		row("sub that looks like a header", pass, claim("sub", "X-User-Id: alice")),
	)
}

// longRoles are n role names of 42 letters and more, as role names get where
// groups and tenants make them.
func longRoles(n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = strings.Repeat("tenant/", 6) + strings.Repeat("x", i%40)
	}
	return list
}
