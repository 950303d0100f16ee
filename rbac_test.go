package authproxy

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// policyOf compiles rules that must be sound.
func policyOf(t *testing.T, rules []RuleConfig, options policyOptions) *policy {
	t.Helper()
	found := &findings{}
	po := compilePolicy(ruleSources(rules), options, found)
	if len(found.problems) > 0 {
		t.Fatal(found.problems)
	}
	return po
}

// person has roles; "client:role" is a client's role, "scope/x" a scope.
func person(names ...string) *principal {
	p := &principal{roles: map[string]bool{"": true}, access: map[string]interface{}{}}
	for _, name := range names {
		client, role, isClient := strings.Cut(name, ":")
		switch {
		case isClient:
			p.access[client] = map[string]interface{}{"roles": []interface{}{role}}
		case strings.HasPrefix(name, "scope/"):
			p.scope += " " + name[len("scope/"):]
		default:
			p.roles[name] = true
		}
	}
	return p
}

// decided is the outcome in a word: public, granted, or the reason.
func decided(po *policy, method, target string, p *principal) string {
	rt := newRoute(po, target, "")
	if rt.bad {
		return reasonBadPath
	}
	chosen := rt.choose(method)
	if chosen.public {
		return reasonPublic
	}
	for _, ru := range chosen.enforced {
		if reason := verdict(ru, p, reasonNoToken); reason != "" {
			return reason
		}
	}
	return reasonGranted
}

func TestMostSpecificRuleDecides(t *testing.T) {
	po := policyOf(t, []RuleConfig{
		{Path: "/", Authenticated: true},
		{Path: "/api", Roles: []string{"user"}},
		{Path: "/api", Methods: []string{"DELETE"}, Roles: []string{"admin"}},
		{Path: "/api", Methods: []string{"GET"}, Public: true},
		{Path: "/api/reports", Roles: []string{"a", "b"}},
		{Path: "/api/reports", Match: "exact", Roles: []string{"clerk"}},
		{Path: "/api/both", AllRoles: []string{"a", "b"}},
		{Path: "/api/client", ClientRoles: map[string][]string{"my.app": {"r/1", "r 2"}}},
		{Path: "/api/scope", Scopes: []string{"read", "write"}},
		{Path: "/api/mix", Roles: []string{"a"}, Scopes: []string{"read"}},
		{Path: "/open", Public: true},
		{Path: "/open/closed", Roles: []string{"a"}},
		{Path: "/dir/", Match: "exact", Public: true},
	}, policyOptions{})
	rows := []struct {
		phrase, method, path string
		p                    *principal
		want                 string
	}{
		{"any good token at the root", "GET", "/x", person(), "granted"},
		{"a method of its own", "GET", "/api/x", nil, "public"},
		{"HEAD follows GET", "HEAD", "/api/x", nil, "public"},
		{"another method", "DELETE", "/api/x", person("user"), "roles"},
		{"another method with its role", "DELETE", "/api/x", person("admin"), "granted"},
		{"the rest of the methods", "PUT", "/api/x", person("user"), "granted"},
		{"a folded method wants both", "delete", "/api/x", person("user"), "roles"},
		{"a folded method with both", "delete", "/api/x", person("user", "admin"), "granted"},
		{"the longer prefix", "GET", "/api/reports/1", person("b"), "granted"},
		{"the longer prefix wins over a role above", "GET", "/api/reports/1", person("user"), "roles"},
		{"an exact path wins", "GET", "/api/reports", person("clerk"), "granted"},
		{"an exact path wins over its own prefix", "GET", "/api/reports", person("a"), "roles"},
		{"a slash more wants both", "GET", "/api/reports/", person("clerk"), "roles"},
		{"a slash more with both", "GET", "/api/reports/", person("clerk", "a"), "granted"},
		{"one of two needed roles", "GET", "/api/both", person("a"), "roles"},
		{"both needed roles", "GET", "/api/both", person("a", "b"), "granted"},
		{"a client's role", "GET", "/api/client", person("my.app:r/1"), "granted"},
		{"a client's role with a blank", "GET", "/api/client", person("my.app:r 2"), "granted"},
		{"the role of another client", "GET", "/api/client", person("my:app.r/1", "other:r/1", "r/1"), "roles"},
		{"one of two scopes", "GET", "/api/scope", person("scope/read"), "scopes"},
		{"both scopes", "GET", "/api/scope", person("scope/read", "scope/write"), "granted"},
		{"a role without its scope", "GET", "/api/mix", person("a"), "scopes"},
		{"a scope without its role", "GET", "/api/mix", person("scope/read"), "roles"},
		{"public", "GET", "/open/x", nil, "public"},
		{"protected beneath public", "GET", "/open/closed", nil, "no_token"},
		{"no segment boundary", "GET", "/openx", nil, "no_token"},
		{"an exact path with a slash", "GET", "/dir/", nil, "public"},
		{"an exact path with a slash stands for both", "GET", "/dir", nil, "public"},
		{"an exact path is no prefix", "GET", "/dir/x", nil, "no_token"},
		{"an escape asks for all readings", "GET", "/open/..%2fapi/both", person("a"), "roles"},
		{"an escape with all that is needed", "GET", "/open/..%2fapi/both", person("a", "b"), "granted"},
		{"a public escape into public", "GET", "/open/a%2Fb", nil, "public"},
		{"roles in another case", "GET", "/api/both", person("A", "b"), "roles"},
	}
	for _, row := range rows {
		if got := decided(po, row.method, row.path, row.p); got != row.want {
			t.Errorf("%s (%s %s): got %s, want %s", row.phrase, row.method, row.path, got, row.want)
		}
	}
}

func TestUnmatched(t *testing.T) {
	deny := policyOf(t, []RuleConfig{{Path: "/a", Public: true}}, policyOptions{})
	pass := policyOf(t, []RuleConfig{{Path: "/a", Public: true}}, policyOptions{authenticated: true})
	if got := decided(deny, "GET", "/b", person("x")); got != "no_rule" {
		t.Errorf("deny: got %s", got)
	}
	if got := decided(deny, "GET", "/b", nil); got != "no_token" {
		t.Errorf("deny without a token: got %s", got)
	}
	if got := decided(pass, "GET", "/b", person("x")); got != "granted" {
		t.Errorf("authenticated: got %s", got)
	}
}

func TestFoldedPolicy(t *testing.T) {
	po := policyOf(t, []RuleConfig{{Path: "/Admin", Roles: []string{"admin"}}, {Path: "/", Public: true}}, policyOptions{fold: true})
	for _, path := range []string{"/admin", "/ADMIN/x", "/Admin"} {
		if got := decided(po, "GET", path, nil); got != "no_token" {
			t.Errorf("%s: got %s", path, got)
		}
	}
}

// TestShadowRule: a rule on trial is asked and logged, and what lies beneath
// decides.
func TestShadowRule(t *testing.T) {
	po := policyOf(t, []RuleConfig{
		{Path: "/api", Roles: []string{"user"}},
		{Path: "/api/new", Roles: []string{"admin"}, Mode: "shadow"},
		{Path: "/alone", Roles: []string{"admin"}, Mode: "shadow"},
	}, policyOptions{})
	chosen := newRoute(po, "/api/new", "").choose("GET")
	if len(chosen.tried) != 1 || chosen.tried[0].path != "/api/new" || len(chosen.enforced) != 1 || chosen.enforced[0].path != "/api" {
		t.Errorf("got %v, want /api/new tried and /api enforced", chosen)
	}
	if chosen := newRoute(po, "/alone", "").choose("GET"); !chosen.public || len(chosen.tried) != 1 {
		t.Errorf("a rule on trial alone: got %v", chosen)
	}
}

// TestRuleProblems: each mistake is named with its key.
func TestRuleProblems(t *testing.T) {
	rows := []struct {
		phrase string
		rules  []RuleConfig
		want   string
	}{
		{"no slash", []RuleConfig{{Path: "api", Public: true}}, `rules[0].path: must start with "/"`},
		{"second rule", []RuleConfig{{Path: "/a", Public: true}, {Path: "b", Public: true}}, `rules[1].path: must start with "/"`},
		{"glob", []RuleConfig{{Path: "/api/**", Public: true}}, `rules[0].path: a prefix needs no pattern: write "/api/"`},
		{"template", []RuleConfig{{Path: "/api/{id}", Public: true}}, `rules[0].path: want a plain path`},
		{"query", []RuleConfig{{Path: "/api?x=1", Public: true}}, `rules[0].path: want a path without query`},
		{"fragment", []RuleConfig{{Path: "/api#x", Public: true}}, `rules[0].path: want a path without query`},
		{"encoded", []RuleConfig{{Path: "/a%20b", Public: true}}, `rules[0].path: want the path decoded`},
		{"dots", []RuleConfig{{Path: "/a/../b", Public: true}}, `write "/b"`},
		{"slashes", []RuleConfig{{Path: "/a//b", Public: true}}, `write "/a/b"`},
		{"match", []RuleConfig{{Path: "/a", Public: true, Match: "regex"}}, `rules[0] ("/a").match: want "prefix" or "exact"`},
		{"mode", []RuleConfig{{Path: "/a", Public: true, Mode: "x"}}, `rules[0] ("/a").mode: want "enforce" or "shadow"`},
		{"method in lower case", []RuleConfig{{Path: "/a", Public: true, Methods: []string{"get"}}}, `rules[0] ("/a").methods[0]: want a method in capital letters`},
		{"no methods", []RuleConfig{{Path: "/a", Public: true, Methods: []string{}}}, `rules[0] ("/a").methods: the list is empty`},
		{"empty roles", []RuleConfig{{Path: "/a", Roles: []string{}}}, `rules[0] ("/a").roles: the list is empty; for a public rule say public: true`},
		{"empty role", []RuleConfig{{Path: "/a", Roles: []string{" "}}}, `rules[0] ("/a").roles[0]: want a role's name`},
		{"public with roles", []RuleConfig{{Path: "/a", Public: true, Roles: []string{"x"}}}, `rules[0] ("/a").public: a public rule can have no roles`},
		{"nothing", []RuleConfig{{Path: "/a", Name: "n"}}, `rules[0] ("n"): want roles`},
		{"client without roles", []RuleConfig{{Path: "/a", ClientRoles: map[string][]string{"c": {}}}}, `rules[0] ("/a").clientRoles["c"]: the list of roles is empty`},
		{"tie", []RuleConfig{{Path: "/a", Public: true}, {Path: "/a/", Roles: []string{"x"}}}, `the path "/a/" is given twice with different demands; also at rules[0] ("/a")`},
		{"tie of methods", []RuleConfig{{Path: "/a", Public: true, Methods: []string{"GET", "PUT"}}, {Path: "/a", Roles: []string{"x"}, Methods: []string{"PUT"}}}, `given twice with different demands`},
	}
	for _, row := range rows {
		found := &findings{}
		compilePolicy(ruleSources(row.rules), policyOptions{}, found)
		if !strings.Contains(strings.Join(found.problems, "\n"), row.want) {
			t.Errorf("%s: got %q, want %q in it", row.phrase, found.problems, row.want)
		}
	}
}

func TestRuleWarnings(t *testing.T) {
	rows := []struct {
		phrase string
		rules  []RuleConfig
		want   string
	}{
		{"twice the same", []RuleConfig{{Path: "/a", Public: true}, {Path: "/a", Public: true}}, "is given twice"},
		{"case", []RuleConfig{{Path: "/a", Roles: []string{"Admin", "admin"}}}, "differs from"},
		{"blank", []RuleConfig{{Path: "/a", Roles: []string{"admin "}}}, "ends with a blank"},
		{"public as a role", []RuleConfig{{Path: "/a", Roles: []string{"public"}}}, "taken as a role's name"},
		{"public above protected", []RuleConfig{{Path: "/a", Public: true}, {Path: "/a/b", Roles: []string{"x"}}}, "lies above the protected path"},
	}
	for _, row := range rows {
		found := &findings{}
		po := compilePolicy(ruleSources(row.rules), policyOptions{}, found)
		lintPrefixes(po, found)
		if len(found.problems) > 0 || !strings.Contains(strings.Join(found.warnings, "\n"), row.want) {
			t.Errorf("%s: got problems %q, warnings %q, want %q", row.phrase, found.problems, found.warnings, row.want)
		}
	}
}

// TestManyRules: the rules that a request meets do not grow with their number.
func TestManyRules(t *testing.T) {
	mapping := map[string][]string{}
	for i := 0; i < 10000; i++ {
		mapping[fmt.Sprintf("/api/v1/service-%d", i)] = []string{fmt.Sprintf("role-%d", i)}
	}
	found := &findings{}
	po := compilePolicy(mappingSources("roleMapping", mapping), policyOptions{}, found)
	if got := decided(po, "GET", "/api/v1/service-4711/x", person("role-4711")); got != "granted" {
		t.Errorf("got %s", got)
	}
	if got := decided(po, "GET", "/api/v1/service-4711/x", person("role-4712")); got != "roles" {
		t.Errorf("got %s", got)
	}
}

// TestMethodOverride: a header that some frameworks take for the method counts, too.
func TestMethodOverride(t *testing.T) {
	is := newTestIssuer(t)
	c := is.config()
	c.RoleMapping = nil
	c.Rules = []RuleConfig{
		{Path: "/x", Roles: []string{"auditflow-role"}},
		{Path: "/x", Methods: []string{"DELETE"}, Roles: []string{"admin-role"}},
	}
	h, _ := build(t, c)
	for name, want := range map[string]int{"X-Other": 200, "X-Http-Method-Override": 403, "X-Http-Method": 403, "X-Method-Override": 403} {
		r := httptest.NewRequest("POST", "/x", nil)
		r.Header.Set("Authorization", "Bearer "+is.good(nil))
		r.Header.Set(name, "delete")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: got %d, want %d", name, w.Code, want)
		}
	}
}

func TestPreflight(t *testing.T) {
	is := newTestIssuer(t)
	c := is.config()
	c.AllowPreflight = true
	h, b := build(t, c)
	rows := []struct {
		phrase string
		change func(r *http.Request)
		status int
	}{
		{"a preflight", func(r *http.Request) {}, 200},
		{"no Origin", func(r *http.Request) { r.Header.Del("Origin") }, 401},
		{"no method asked", func(r *http.Request) { r.Header.Del("Access-Control-Request-Method") }, 401},
		{"a body", func(r *http.Request) { r.ContentLength = 3 }, 401},
		{"a body of unknown length", func(r *http.Request) { r.ContentLength = -1 }, 401},
		{"another method", func(r *http.Request) { r.Method = "GET" }, 401},
	}
	for _, row := range rows {
		r := httptest.NewRequest("OPTIONS", "/api/v1/admin", nil)
		r.Header.Set("Origin", "https://app.example")
		r.Header.Set("Access-Control-Request-Method", "POST")
		r.Header.Set("X-User-Id", "spoofed")
		row.change(r)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != row.status {
			t.Errorf("%s: got %d, want %d", row.phrase, w.Code, row.status)
		}
	}
	if b.header.Get("X-User-Id") != "" {
		t.Error("a preflight carries an identity")
	}
}
