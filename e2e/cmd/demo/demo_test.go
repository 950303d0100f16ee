package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/labs64/traefik-authproxy/e2e/backend"
	"github.com/labs64/traefik-authproxy/e2e/issuer"
	"github.com/labs64/traefik-authproxy/e2e/layout"
)

func exampleDir(t *testing.T) string {
	t.Helper()
	checkout, err := layout.Checkout()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(checkout, "examples", "file")
}

func TestConfigurationIsTheExamplesButForAddresses(t *testing.T) {
	dir := exampleDir(t)
	static, dynamic, err := configuration(dir, "http://issuer.invalid/realms/x", "http://service.invalid")
	if err != nil {
		t.Fatal(err)
	}
	original, err := os.ReadFile(filepath.Join(dir, "dynamic.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(static, "localPlugins:") {
		t.Errorf("static configuration: %s", static)
	}
	back := strings.NewReplacer(
		"http://issuer.invalid/realms/x", exampleIssuer, "http://service.invalid", exampleService,
		filepath.Join(dir, policyFile), policyFile).Replace(dynamic)
	if back != string(original) || dynamic == string(original) {
		t.Errorf("got\n%s", dynamic)
	}
}

func TestConfigurationThatCannotBeAdaptedIsRefused(t *testing.T) {
	dir := t.TempDir()
	for name, dynamic := range map[string]string{
		"issuer missing": "url: " + exampleService + "\nroleMappingFile: role_mapping.yaml\n",
		"policy twice":   "issuer: " + exampleIssuer + "\nurl: " + exampleService + "\nroleMappingFile: role_mapping.yaml\nroleMappingFile: role_mapping.yaml\n",
	} {
		for file, text := range map[string]string{"traefik.yml": "", "dynamic.yml": dynamic} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := configuration(dir, "i", "s"); err == nil || !strings.Contains(err.Error(), "want it once") {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

// gatewayOf runs the walk against a handler in Traefik's place.
func gatewayOf(t *testing.T, h http.Handler, service *backend.Echo) result {
	t.Helper()
	iss := issuer.MustStart(issuer.Options{Realms: []string{"labs64io", "elsewhere"}, Algorithms: []string{"RS256"}})
	t.Cleanup(func() { iss.Close() })
	people, err := cast(iss)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	r, err := walk(context.Background(), strings.TrimPrefix(server.URL, "http://"), service, people, places)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAGatewayThatLetsAllThroughBreaksPromises(t *testing.T) {
	service := &backend.Echo{}
	r := gatewayOf(t, service, service)
	for _, row := range r.rows {
		for i, a := range row.answers {
			promised, sub := row.who.promised(r.places[i])
			spoofs := len(row.who.headers) > 0
			want := promised == http.StatusOK && sub == "" && !spoofs
			if a.asPromised() != want {
				t.Errorf("%s, %s: marked %v, want %v: %+v", row.who.name, r.places[i].path, a.asPromised(), want, a)
			}
		}
	}
	var out strings.Builder
	printer{out: &out}.table(r)
	for _, want := range []string{"200✗", "200✓", "promised was 401", "✗ and 129 more", "mallory", "24 of 168 answers as promised"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the table does not say %q:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("colours without a terminal")
	}
}

func TestAGatewayThatRefusesAndPassesOnBreaksPromises(t *testing.T) {
	service := &backend.Echo{}
	r := gatewayOf(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		service.ServeHTTP(httptest.NewRecorder(), req)
		w.WriteHeader(http.StatusUnauthorized)
	}), service)
	if r.broken() != r.count() {
		t.Errorf("%d of %d answers are marked as broken, want all", r.broken(), r.count())
	}
}

func TestPromises(t *testing.T) {
	alice := person{good: true, roles: []string{"admin-role"}, sub: "a"}
	bob := person{good: true, roles: []string{"auditflow-role"}, sub: "b"}
	nobody := person{}
	for _, row := range []struct {
		who    person
		path   string
		status int
		sub    string
	}{
		{alice, "/api/v1/admin", 200, "a"},
		{alice, "/api/v1/adminx", 403, ""},
		{alice, "/v3/api-docs", 200, ""},
		{alice, "/v3/api-docs/..%2f..%2fapi/v1/admin", 200, "a"},
		{bob, "/api/v1/admin", 403, ""},
		{bob, "/api/v1/auditflow", 200, "b"},
		{bob, "/api/v1/auditflow/..%2fadmin", 403, ""},
		{bob, "/unmapped", 403, ""},
		{nobody, "/unmapped", 401, ""},
		{nobody, "/actuator/health", 200, ""},
		{nobody, "/v3/api-docs/..%2f..%2fapi/v1/admin", 401, ""},
	} {
		for _, at := range places {
			if at.path != row.path {
				continue
			}
			if status, sub := row.who.promised(at); status != row.status || sub != row.sub {
				t.Errorf("%+v, %s: got %d %q, want %d %q", row.who, row.path, status, sub, row.status, row.sub)
			}
		}
	}
}
