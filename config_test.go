package authproxy

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestConfigProblems: whatever is wrong stops New with the key's name and what was
// expected.
func TestConfigProblems(t *testing.T) {
	noPEM := filepath.Join(t.TempDir(), "no.pem")
	if err := os.WriteFile(noPEM, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	rows := []struct {
		phrase string
		change func(c *Config)
		want   string
	}{
		{"no issuer", func(c *Config) { c.Issuer = "" }, "issuer: is missing"},
		{"realm without address", func(c *Config) { c.Issuer = ""; c.Realm = "x" }, "keycloakUrl: realm is given"},
		{"address without realm", func(c *Config) { c.Issuer = ""; c.KeycloakURL = "https://k.example" }, "realm: keycloakUrl is given"},
		{"two issuers in one", func(c *Config) { c.KeycloakURL = "https://k.example"; c.Realm = "x" }, "issuer: want either"},
		{"no address", func(c *Config) { c.Issuer = "auth.example.com" }, "issuer: want an address"},
		{"another scheme", func(c *Config) { c.Issuer = "file:///x" }, "issuer: want an address"},
		{"a fragment", func(c *Config) { c.Issuer = "https://k.example/#x" }, "issuer: want an address without a fragment"},
		{"a query", func(c *Config) { c.Issuer = "https://k.example/?x" }, "issuer: want an address without a query"},
		{"a password", func(c *Config) { c.Issuer = "https://me:secret@k.example/" }, "issuer: want an address without a name and password"},
		{"jwksUrl", func(c *Config) { c.JWKSURL = "ftp://k.example/" }, "jwksUrl: want an address"},
		{"discoveryUrl", func(c *Config) { c.DiscoveryURL = "/x" }, "discoveryUrl: want an address"},
		{"the issuer twice", func(c *Config) { c.Issuers = []IssuerConfig{{Issuer: c.Issuer}} }, "issuers[0].issuer: \"https://auth.example.com/realms/x\" is given twice"},
		{"a further issuer without a name", func(c *Config) { c.Issuers = []IssuerConfig{{}} }, "issuers[0].issuer: is missing"},
		{"no audience", func(c *Config) { c.Audience = nil }, "audience: is missing"},
		{"an empty audience", func(c *Config) { c.Audience = []string{""} }, "audience[0]: is empty"},
		{"an empty party", func(c *Config) { c.AuthorizedParties = []string{"a", ""} }, "authorizedParties[1]: is empty"},
		{"none", func(c *Config) { c.Algorithms = []string{"RS256", "none"} }, "algorithms[1]: want some of"},
		{"HMAC", func(c *Config) { c.Algorithms = []string{"HS256"} }, "algorithms[0]: want some of"},
		{"lower case", func(c *Config) { c.Algorithms = []string{"rs256"} }, "algorithms[0]: want some of"},
		{"no duration", func(c *Config) { c.Leeway = "10" }, "leeway: want a duration such as"},
		{"negative", func(c *Config) { c.Leeway = "-1s" }, "leeway: want a duration that is not negative"},
		{"an endless leeway", func(c *Config) { c.Leeway = "2h" }, "leeway: want at most 1h"},
		{"no time at all", func(c *Config) { c.JWKSTimeout = "0s" }, "jwksTimeout: want at least"},
		{"minimum above the rest", func(c *Config) { c.JWKSMinRefresh = "10m" }, "jwksMinRefresh: want at most jwksRefresh"},
		{"negative refresh", func(c *Config) { c.JWKSRefresh = "-5m" }, "jwksRefresh: want a duration that is not negative"},
		{"stale", func(c *Config) { c.JWKSMaxStale = "x" }, "jwksMaxStale: want a duration"},
		{"a missing file", func(c *Config) { c.CAFile = "/nowhere/ca.pem" }, "caFile: open /nowhere/ca.pem"},
		{"no PEM", func(c *Config) { c.CAFile = noPEM }, "holds no PEM certificate"},
		{"no keys", func(c *Config) { c.PreloadFile = noPEM }, "preloadFile: "},
		{"token bytes", func(c *Config) { c.MaxTokenBytes = -1 }, "maxTokenBytes: want a positive number"},
		{"cache", func(c *Config) { c.TokenCacheSize = -1 }, "tokenCacheSize: want 0 or more"},
		{"unmatched", func(c *Config) { c.Unmatched = "allow" }, "unmatched: want deny or authenticated"},
		{"mode", func(c *Config) { c.Mode = "off" }, "mode: want enforce or shadow"},
		{"level", func(c *Config) { c.LogLevel = "loud" }, "logLevel: want debug"},
		{"decision log", func(c *Config) { c.DecisionLog = "yes" }, "decisionLog: want off or denied or all"},
		{"a header's name", func(c *Config) { c.UserIDHeader = "X User" }, "userIdHeader: want a header's name"},
		{"a header that means something", func(c *Config) { c.UserIDHeader = "authorization" }, "userIdHeader: \"authorization\" has a meaning"},
		{"two names for one header", func(c *Config) { c.Headers = map[string]string{"x_user_id": "email"} }, "headers[\"x_user_id\"]: means the same header as userIdHeader"},
		{"a header without a claim", func(c *Config) { c.Headers = map[string]string{"X-Mail": ""} }, "headers[\"X-Mail\"]: want a claim's name"},
		{"a cookie's name", func(c *Config) { c.CookieName = "a b" }, "cookieName: want a cookie's name"},
		{"an empty claim path", func(c *Config) { c.RolesClaim = [][]string{{}} }, "rolesClaim[0]: want a list"},
		{"no rules at all", func(c *Config) { c.RoleMapping = nil }, "roleMapping: want at least one rule"},
		{"a path", func(c *Config) { c.RoleMapping["api"] = nil }, `roleMapping["api"]: must start with "/"`},
		{"a glob", func(c *Config) { c.RoleMapping["/api/*"] = nil }, `roleMapping["/api/*"]: a prefix needs no pattern`},
		{"map against rules", func(c *Config) { c.Rules = []RuleConfig{{Path: "/a", Authenticated: true}} }, "given twice with different demands"},
	}
	for _, row := range rows {
		c := CreateConfig()
		c.Issuer = "https://auth.example.com/realms/x"
		c.Audience = []string{"account"}
		c.LogLevel = "error"
		c.RoleMapping = map[string][]string{"/a": {"r"}}
		row.change(c)
		h, err := New(context.Background(), http.NotFoundHandler(), c, t.Name())
		if err == nil {
			t.Errorf("%s: New takes it", row.phrase)
			continue
		}
		if h != nil || !strings.HasPrefix(err.Error(), "authproxy: ") || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, %q; want %q in it", row.phrase, h, err, row.want)
		}
	}
}

// TestAllProblemsAtOnce: who mends a configuration need not start Traefik for each
// mistake.
func TestAllProblemsAtOnce(t *testing.T) {
	c := CreateConfig()
	c.Leeway = "x"
	c.RoleMapping = map[string][]string{"a": nil, "/b": {""}}
	_, err := New(context.Background(), http.NotFoundHandler(), c, t.Name())
	if err == nil {
		t.Fatal("New takes it")
	}
	for _, want := range []string{"issuer: ", "leeway: ", `roleMapping["a"]: `, `roleMapping["/b"][0]: `} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, want %q in it", err, want)
		}
	}
}

func TestIssuerOfKeycloakAndRealm(t *testing.T) {
	for realm, want := range map[string]string{
		"shop":     "https://auth.example.com/realms/shop",
		"Läden 2":  "https://auth.example.com/realms/L%C3%A4den%202",
		"Shop.one": "https://auth.example.com/realms/Shop.one",
	} {
		c := &Config{KeycloakURL: "https://auth.example.com/", Realm: realm}
		found := &findings{}
		if got := c.issuerName(found); got != want || len(found.problems) > 0 {
			t.Errorf("%s: got %q, %q; want %q", realm, got, found.problems, want)
		}
	}
	if got := realmOf("https://auth.example.com/realms/L%C3%A4den%202"); got != "Läden 2" {
		t.Errorf("challenge: got %q", got)
	}
	if got := challenge(`a"b\c`+"\n", "invalid_token"); got != `Bearer realm="a\"b\\c", error="invalid_token"` {
		t.Errorf("challenge: got %s", got)
	}
}

// TestNewOffline: New asks nobody and needs no file, as the catalog demands.
func TestNewOffline(t *testing.T) {
	c := CreateConfig()
	c.Issuer = "https://auth.example.invalid/realms/labs64io"
	c.Audience = []string{"account"}
	c.LogLevel = "error"
	c.RoleMapping = map[string][]string{"/api/v1/admin": {"admin-role"}, "/actuator": {}}
	h, err := New(context.Background(), &backend{}, c, t.Name())
	if err != nil {
		t.Fatal(err)
	}
	if got := send(h, "GET", "/actuator/health", "").Code; got != 200 {
		t.Errorf("a public path: got %d, want 200", got)
	}
	if got := send(h, "GET", "/api/v1/admin", "").Code; got != 401 {
		t.Errorf("no token: got %d, want 401", got)
	}
}
