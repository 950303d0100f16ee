package docs

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/backend"
	"github.com/labs64/traefik-authproxy/e2e/issuer"
	"github.com/labs64/traefik-authproxy/e2e/traefik"
	"github.com/labs64/traefik-authproxy/e2e/traefik/traefiktest"
)

// scene is an issuer and a service for a Traefik that a test starts.
type scene struct {
	issuer  *issuer.Issuer
	service *backend.Backend
}

func newScene(t *testing.T) scene {
	t.Helper()
	iss, err := issuer.Start(issuer.Options{Realms: []string{"labs64io"}, Algorithms: []string{"RS256"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { iss.Close() })
	service, err := backend.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { service.Close() })
	return scene{iss, service}
}

// start starts Traefik with a dynamic configuration of the documentation, in
// which addresses and file names are replaced by the scene's.
func (s scene) start(t *testing.T, o traefik.Options, dynamic string, replace ...string) *traefik.Process {
	t.Helper()
	policy := filepath.Join(root(t), "examples", "file", "role_mapping.yaml")
	replace = append(replace, "http://localhost:8080/realms/labs64io", s.issuer.URL, "http://127.0.0.1:9000", s.service.URL)
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(dynamic, replace[i]) {
			t.Fatalf("the configuration has no %q:\n%s", replace[i], dynamic)
		}
		dynamic = strings.ReplaceAll(dynamic, replace[i], replace[i+1])
	}
	o.Dynamic = strings.ReplaceAll(dynamic, "roleMappingFile: role_mapping.yaml", "roleMappingFile: "+policy)
	return traefiktest.Start(t, o)
}

// ask sends a request and returns the answer.
func ask(t *testing.T, method, url, token string, headers ...string) (*http.Response, backend.Seen) {
	t.Helper()
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // without a proxy
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var seen backend.Seen
	if res.StatusCode == http.StatusOK && res.Header.Get("Content-Type") == "application/json" {
		if err := json.NewDecoder(res.Body).Decode(&seen); err != nil {
			t.Fatal(err)
		}
	}
	return res, seen
}

// readmeBlock is the README's only block with a mark and a detail.
func readmeBlock(t *testing.T, mark, detail string) string {
	t.Helper()
	blocks, err := Blocks("README.md", read(t, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, b := range blocks {
		if b.Mark == mark && b.Detail == detail {
			found = append(found, b.Text)
		}
	}
	if len(found) != 1 {
		t.Fatalf("the README has %d blocks %q, want one", len(found), mark+": "+detail)
	}
	return found[0]
}

// TestInstall starts Traefik from the README's own text, with a file, with
// flags and with environment variables, and asks it for what the README
// promises.
func TestInstall(t *testing.T) {
	s := newScene(t)
	dynamic := readmeBlock(t, "file", "examples/file/dynamic.yml")

	flags := strings.Fields(strings.ReplaceAll(readmeBlock(t, "static", "flags"), "\\\n", " "))
	var variables []string
	for line := range strings.Lines(readmeBlock(t, "static", "variables")) {
		if variable, ok := strings.CutPrefix(strings.TrimSpace(line), "export "); ok {
			variables = append(variables, variable)
		}
	}
	if flags[0] != "traefik" || len(variables) != len(flags)-1 {
		t.Fatalf("flags %q and variables %q do not say the same", flags, variables)
	}
	for way, o := range map[string]traefik.Options{
		"file":      {Static: readmeBlock(t, "file", "examples/file/traefik.yml")},
		"flags":     {Args: flags[1:]},
		"variables": {Env: variables},
	} {
		t.Run(way, func(t *testing.T) {
			s.promised(t, s.start(t, o, dynamic))
		})
	}
}

// promised asks for what the sample policy lets pass and what not.
func (s scene) promised(t *testing.T, p *traefik.Process) {
	realm := s.issuer.Default()
	alice, bob := realm.Access("alice").String(), realm.Access("bob").String()
	for _, row := range []struct {
		token, path string
		status      int
		user, code  string
	}{
		{"", "/v3/api-docs", 200, "", ""},
		{"", "/api/v1/admin", 401, "", ""},
		{"garbage", "/api/v1/admin", 401, "", "invalid_token"},
		{bob, "/api/v1/admin", 403, "", "insufficient_scope"},
		{bob, "/api/v1/auditflow", 200, realm.User("bob").Sub, ""},
		{alice, "/api/v1/admin", 200, realm.User("alice").Sub, ""},
	} {
		res, seen := ask(t, http.MethodGet, "http://"+p.Addr("web")+row.path, row.token, "X-User-Id", "mallory", "X_User_Id", "mallory")
		if res.StatusCode != row.status {
			t.Errorf("%s: status %d, want %d", row.path, res.StatusCode, row.status)
			continue
		}
		if row.status == http.StatusOK {
			if got, want := strings.Join(seen.Named("X-User-Id"), ","), row.user; got != want {
				t.Errorf("%s: the service saw the user %q, want %q", row.path, got, want)
			}
			continue
		}
		challenge := `Bearer realm="labs64io"`
		if row.code != "" {
			challenge += fmt.Sprintf(", error=%q", row.code)
		}
		if got := res.Header.Get("WWW-Authenticate"); got != challenge {
			t.Errorf("%s: challenge %s, want %s", row.path, got, challenge)
		}
	}
}

// TestWrongConfigurationIs404 and says in Traefik's log what is wrong, as
// docs/troubleshooting.md quotes it.
func TestWrongConfigurationIs404(t *testing.T) {
	s := newScene(t)
	dynamic := strings.ReplaceAll(read(t, "examples/file/dynamic.yml"), "          audience:\n            - labs64-api\n", "")
	p := s.start(t, traefik.Options{}, dynamic)
	res, _ := ask(t, http.MethodGet, "http://"+p.Addr("web")+"/v3/api-docs", "")
	if res.StatusCode != http.StatusNotFound {
		t.Errorf("status %d, want 404", res.StatusCode)
	}
	quoted := "authproxy: audience: is missing; "
	if !strings.Contains(read(t, "docs/troubleshooting.md"), quoted) {
		t.Errorf("the page does not quote %q", quoted)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := p.WaitStdout(ctx, func(line string) bool { return strings.Contains(line, quoted) }); err != nil {
		t.Errorf("Traefik's log does not say %q: %v", quoted, err)
	}
}

// TestPreflight: Traefik's CORS middleware before the plugin answers
// preflights, and refusals carry its headers, as docs/troubleshooting.md says.
func TestPreflight(t *testing.T) {
	s := newScene(t)
	blocks, err := Blocks("docs/troubleshooting.md", read(t, "docs/troubleshooting.md"))
	if err != nil {
		t.Fatal(err)
	}
	dynamic := ""
	for _, b := range blocks {
		if strings.Contains(b.Text, "accessControlAllowOriginList") {
			dynamic = b.Text
		}
	}
	dynamic += "  services:\n    api: {loadBalancer: {servers: [{url: 'http://127.0.0.1:9000'}]}}\n"
	p := s.start(t, traefik.Options{}, dynamic+"# http://localhost:8080/realms/labs64io\n",
		"https://auth.example.com/realms/shop", s.issuer.URL, "/config/role_mapping.yaml", "role_mapping.yaml")
	const origin = "https://app.example.com"
	url := "http://" + p.Addr("web") + "/api/v1/admin"
	res, _ := ask(t, http.MethodOptions, url, "", "Origin", origin, "Access-Control-Request-Method", "PUT")
	if res.StatusCode != http.StatusOK || res.Header.Get("Access-Control-Allow-Origin") != origin {
		t.Errorf("preflight: status %d, headers %v", res.StatusCode, res.Header)
	}
	res, _ = ask(t, http.MethodPut, url, "", "Origin", origin)
	if res.StatusCode != http.StatusUnauthorized || res.Header.Get("Access-Control-Allow-Origin") != origin {
		t.Errorf("refusal: status %d, headers %v", res.StatusCode, res.Header)
	}
	if s.service.Count() != 0 {
		t.Errorf("the service was reached %d times", s.service.Count())
	}
}
