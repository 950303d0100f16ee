package keycloak

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// Names as people give them.
const (
	oddRole       = "Prüfer/Ökonomie 1.2"
	commaRole     = "lesen, schreiben"
	oddClient     = "shop.api/v 2"
	oddClientRole = "lesen & schreiben"
)

// TestRolesInTokens shows roles and groups wherever Keycloak's mappers put
// them, with names that are more than letters.
func TestRolesInTokens(t *testing.T) {
	need(t)
	realm := newRealm(t, "roles", map[string]any{
		"roles": map[string]any{
			"realm":  []any{map[string]any{"name": "admin-role"}, map[string]any{"name": oddRole}, map[string]any{"name": commaRole}},
			"client": map[string]any{oddClient: []any{map[string]any{"name": oddClientRole}}},
		},
		"groups": []any{map[string]any{"name": "Büro", "subGroups": []any{map[string]any{"name": "Süd 1"}}}},
		"clients": []any{
			map[string]any{"clientId": "api", "secret": "api-secret"},
			map[string]any{"clientId": oddClient, "secret": "odd-secret"},
			webClient("web"),
			webClient("flat", rolesMapper(), mapper("oidc-usermodel-realm-role-mapper", map[string]any{
				"claim.name": `https://example\.com/roles`, "jsonType.label": "String", "multivalued": "true",
			}), mapper("oidc-group-membership-mapper", map[string]any{"claim.name": "groups", "full.path": "true"})),
			bare("text", hardcoded("realm_access.roles", "admin-role", "String")),
			bare("number", hardcoded("realm_access.roles", "7", "int")),
			bare("object", hardcoded("realm_access.roles", `{"0":"admin-role"}`, "JSON")),
			bare("nested", hardcoded("app.permissions", `["admin-role"]`, "JSON")),
			bare("list", hardcoded("realm_access.roles", `["admin-role"]`, "JSON")),
			webClient("twice", hardcoded("realm_access.roles", "admin-role", "String")),
			webClient("two lists", hardcoded("resource_access", `{"`+oddClient+`":{"roles":["`+oddClientRole+`"]}}`, "JSON")),
		},
		"users": []any{
			user("alice", "admin-role"),
			with(user("jürgen", oddRole, commaRole), map[string]any{
				"clientRoles": map[string]any{oddClient: []string{oddClientRole}},
				"groups":      []string{"/Büro/Süd 1"},
			}),
		},
	})
	config := with(guardOf(realm), map[string]any{
		"clientRoles": []string{oddClient},
		"headers":     map[string]any{"X-Roles": "roles", "X-User-Name": "preferred_username", "X-Client-Roles": "resource_access." + oddClient + ".roles"},
		"roleMapping": map[string]any{
			"/realm": []string{oddRole}, "/client": []string{oddClientRole}, "/group": []string{"/Büro/Süd 1"},
			"/near/case": []string{strings.ToLower(oddRole)}, "/near/blank": []string{oddRole + " "},
			"/near/ascii": []string{"Pruefer/Oekonomie 1.2"}, "/admin": []string{"admin-role"},
		},
	})
	gs := guards(t, map[string]map[string]any{
		"":       config,
		"groups": with(config, map[string]any{"rolesClaim": []string{"groups"}}),
		"nested": with(config, map[string]any{"rolesClaim": []string{"groups", "app,permissions"}}),
		"flat":   with(config, map[string]any{"rolesClaim": []string{"https://example.com/roles"}}),
	})
	token := func(client, user string) string {
		return must(realm.Token(t.Context(), Password(client, user)))(t).Access
	}
	jürgen := token("web", "jürgen")

	for _, row := range []struct {
		kind, guard, token, path string
		want                     int
	}{
		{"realm role with umlaut, slash, blank and dot", "", jürgen, "/realm", 200},
		{"client role with blanks, of a client with dot, slash and blank", "", jürgen, "/client", 200},
		{"role in another case", "", jürgen, "/near/case", 403},
		{"role with a blank more", "", jürgen, "/near/blank", 403},
		{"role without umlauts", "", jürgen, "/near/ascii", 403},
		{"group, without rolesClaim", "", token("flat", "jürgen"), "/group", 403},
		{"group by rolesClaim", "groups", token("flat", "jürgen"), "/group", 200},
		{"group by rolesClaim, token without groups", "groups", jürgen, "/group", 403},
		{"role in a claim whose name is an address", "flat", token("flat", "jürgen"), "/realm", 200},
		{"role in a claim within a claim", "nested", token("nested", "alice"), "/admin", 200},
		{"role in a claim within a claim, without rolesClaim", "", token("nested", "alice"), "/admin", 403},
		{"roles as text", "", token("text", "alice"), "/admin", 403},
		{"roles as a number", "", token("number", "alice"), "/admin", 403},
		{"roles as an object", "", token("object", "alice"), "/admin", 403},
		{"roles as a list, by a mapper alone", "", token("list", "alice"), "/admin", 200},
		// Keycloak writes its own claim and the mapper's, one after the other,
		// under one name: what a reader makes of that is up to the reader.
		{"realm_access twice in one token", "", token("twice", "alice"), "/admin", 401},
		{"resource_access twice in one token", "", token("two lists", "jürgen"), "/client", 401},
	} {
		gs[row.guard].expect(t, row.kind, row.token, row.path, row.want)
	}

	seen := must(gs[""].ask("/realm", jürgen))(t).seen
	if seen == nil {
		t.Fatal("the service was not reached")
	}
	if got := seen.Named("X-User-Name"); !slices.Equal(got, []string{"jürgen"}) {
		t.Errorf("X-User-Name %q, want jürgen", got)
	}
	// A role that holds a comma would read as two.
	roles := strings.Split(strings.Join(seen.Named("X-Roles"), "\n"), ",")
	if !slices.Contains(roles, oddRole) || !slices.Contains(roles, oddClientRole) || strings.Contains(strings.Join(roles, ","), "lesen,") {
		t.Errorf("X-Roles %q, want %q and %q in it, and nothing of %q", roles, oddRole, oddClientRole, commaRole)
	}
}

// bare is a client without the scope roles, whose tokens have only those roles
// that a mapper gives them.
func bare(id string, mappers ...any) map[string]any {
	return with(webClient(id, mappers...), map[string]any{"defaultClientScopes": []string{"basic", "profile"}})
}

// mapper writes something into access tokens.
func mapper(kind string, config map[string]any) map[string]any {
	return map[string]any{
		"name": fmt.Sprint(kind, " ", config["claim.name"]), "protocol": "openid-connect", "protocolMapper": kind,
		"config": with(map[string]any{"access.token.claim": "true"}, config),
	}
}

// hardcoded writes a fixed claim.
func hardcoded(claim, value, kind string) map[string]any {
	return mapper("oidc-hardcoded-claim-mapper", map[string]any{
		"claim.name": claim, "claim.value": value, "jsonType.label": kind,
	})
}

// TestClaimsInHeaders lets what a mapper can write into a claim try to become
// more than one header's value.
func TestClaimsInHeaders(t *testing.T) {
	need(t)
	var many []string
	for i := range 300 {
		many = append(many, fmt.Sprintf("department-%03d-of-the-company-reads-its-reports", i))
	}
	list, err := json.Marshal(append(many, "admin-role"))
	done(t, err)
	realm := newRealm(t, "claims", map[string]any{
		"clients": []any{
			map[string]any{"clientId": "api", "secret": "api-secret"},
			webClient("web"),
			bare("many", hardcoded("realm_access.roles", string(list), "JSON")),
			webClient("lines", hardcoded("sub", "alice\r\nX-Admin: yes", "String"), hardcoded("team", "a\nX-Admin: yes", "String")),
			webClient("umlaut", hardcoded("sub", "älice", "String"), hardcoded("team", "Süd", "String")),
			webClient("numbers", hardcoded("team", "7", "int"), hardcoded("flag", "true", "boolean")),
			webClient("lists", hardcoded("team", `["a","b,c","d"]`, "JSON"), hardcoded("flag", `{"a":1}`, "JSON")),
		},
	})
	g := newGuard(t, with(guardOf(realm), map[string]any{"headers": map[string]any{"X-Team": "team", "X-Flag": "flag"}}))

	for _, row := range []struct {
		kind, client string
		id           string // empty: the user's own
		team, flag   []string
	}{
		{"claims with line ends", "lines", "none", nil, nil},
		{"claims with umlauts", "umlaut", "älice", []string{"Süd"}, nil},
		{"claims that are a number and a boolean", "numbers", "", []string{"7"}, []string{"true"}},
		{"claims that are a list and an object", "lists", "", []string{"a,d"}, []string{`{"a":1}`}},
		{"claims that are absent", "web", "", nil, nil},
	} {
		token := must(realm.Token(t.Context(), Password(row.client, "alice")))(t).Access
		g.expect(t, row.kind, token, adminPath, 200)
		seen := must(g.ask(adminPath, token, "X-Team", "mallory", "x_flag", "mallory"))(t).seen
		if seen == nil {
			continue // expect has said so
		}
		id := seen.Named("X-User-Id")
		if row.id == "none" && len(id) > 0 || row.id != "" && row.id != "none" && !slices.Equal(id, []string{row.id}) {
			t.Errorf("%s: X-User-Id %q, want %q", row.kind, id, row.id)
		}
		if got := seen.Named("X-Admin"); len(got) > 0 {
			t.Errorf("%s: the token made a header X-Admin: %q", row.kind, got)
		}
		for name, want := range map[string][]string{"X-Team": row.team, "X-Flag": row.flag} {
			if got := seen.Named(name); !slices.Equal(got, want) {
				t.Errorf("%s: %s %q, want %q; the token: %s", row.kind, name, got, want, decode(token))
			}
		}
	}

	big := must(realm.Token(t.Context(), Password("many", "alice")))(t).Access
	t.Logf("the token with 300 roles has %d bytes", len(big))
	g.expect(t, "token with 300 long roles", big, adminPath, http.StatusOK)
}
