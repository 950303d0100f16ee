package keycloak

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/backend"
)

// guard is a router of Traefik with the plugin in its way, for one test. Its
// host name sets it apart from the others.
type guard struct {
	name   string
	config map[string]any
}

// samplePolicy is the role mapping of the forwardAuth service that the plugin
// takes the place of.
func samplePolicy() map[string]any {
	return map[string]any{
		"/api/v1/admin":     []string{"admin-role"},
		"/api/v1/auditflow": []string{"admin-role", "auditflow-role"},
		"/v3/api-docs":      []string{},
		"/actuator":         []string{},
	}
}

// Paths of the sample policy.
const (
	adminPath  = "/api/v1/admin/users"
	auditPath  = "/api/v1/auditflow"
	publicPath = "/v3/api-docs"
	otherPath  = "/api/v2"
)

// anyUser is a policy that wants a good token and nothing else, so that only
// the token can be the reason of a refusal.
func anyUser() []map[string]any {
	return []map[string]any{{"path": "/", "authenticated": true}}
}

// shortTimes are settings under which keys are asked for often.
func shortTimes() map[string]any {
	return map[string]any{"jwksRefresh": refresh.String(), "jwksMinRefresh": minRefresh.String(), "jwksTimeout": "5s"}
}

const (
	refresh    = 2 * time.Second
	minRefresh = 500 * time.Millisecond
)

// with joins configurations; later ones win.
func with(parts ...map[string]any) map[string]any {
	all := map[string]any{}
	for _, p := range parts {
		maps.Copy(all, p)
	}
	return all
}

// sample is the examples' configuration: the sample policy for tokens of the
// examples' realm.
func sample() map[string]any {
	return map[string]any{
		"issuer": site.realm.Issuer(), "audience": []string{"labs64-api"}, "roleMapping": samplePolicy(),
		"decisionLog": "all",
	}
}

// guards puts routers before the service, in one reload of Traefik.
func guards(t *testing.T, configs map[string]map[string]any) map[string]*guard {
	t.Helper()
	made := map[string]*guard{}
	before := site.guards
	for _, name := range slices.Sorted(maps.Keys(configs)) {
		g := &guard{name: fmt.Sprintf("g%d", len(site.guards)), config: configs[name]}
		site.guards = append(site.guards, g)
		made[name] = g
	}
	// Traefik refuses a file as a whole: one bad guard would stay in the way of
	// all that come after it.
	ok := false
	defer func() {
		if !ok {
			site.guards = before
		}
	}()
	reload(t)
	ok = true
	return made
}

// newGuard is guards for one.
func newGuard(t *testing.T, config map[string]any) *guard {
	t.Helper()
	return guards(t, map[string]map[string]any{"": config})[""]
}

// reloadWithin is how long Traefik may take for a reload.
const reloadWithin = 30 * time.Second

func reload(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), reloadWithin)
	defer cancel()
	if err := site.traefik.Reload(ctx, dynamic()); err != nil {
		t.Fatal(err)
	}
}

// dynamic is Traefik's dynamic configuration with all guards. JSON is YAML.
func dynamic() string {
	routers, middlewares := map[string]any{}, map[string]any{}
	for _, g := range site.guards {
		middlewares[g.name] = map[string]any{"plugin": map[string]any{"authproxy": g.config}}
		routers[g.name] = map[string]any{
			"rule": fmt.Sprintf("Host(`%s`)", g.host()), "service": "echo", "middlewares": []string{g.name},
		}
	}
	h := map[string]any{
		"services": map[string]any{"echo": map[string]any{
			"loadBalancer": map[string]any{"servers": []any{map[string]any{"url": site.service.URL}}},
		}},
	}
	if len(routers) > 0 {
		h["routers"], h["middlewares"] = routers, middlewares
	}
	raw, err := json.Marshal(map[string]any{"http": h})
	if err != nil {
		panic(err) // the tests' own maps of strings
	}
	return string(raw)
}

func (g *guard) host() string { return g.name + ".example.test" }

// browser is the HTTP client of the tests' users.
var browser = &http.Client{Timeout: 30 * time.Second}

// reply is what a user got, and what the service saw, if it was asked.
type reply struct {
	status    int
	challenge string
	seen      *backend.Seen
}

// ask makes a request through a guard. headers come in pairs of name and
// value.
func (g *guard) ask(path, token string, headers ...string) (reply, error) {
	req, err := http.NewRequest(http.MethodGet, "http://"+site.traefik.Addr("web")+path, nil)
	if err != nil {
		return reply{}, err
	}
	req.Host = g.host()
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	res, err := browser.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return reply{}, err
	}
	r := reply{status: res.StatusCode, challenge: res.Header.Get("WWW-Authenticate")}
	if r.status == http.StatusOK {
		r.seen = &backend.Seen{}
		if err := json.Unmarshal(body, r.seen); err != nil {
			return reply{}, fmt.Errorf("the service's answer: %w: %.200q", err, body)
		}
	}
	return r, nil
}

// answers asks with a token of a kind and checks the status alone: for a service
// that others use at the same time.
func (g *guard) answers(t *testing.T, kind, token, path string, want int) {
	t.Helper()
	got := must(g.ask(path, token))(t)
	site.tried.add(kind, token, got.status)
	if got.status != want {
		t.Errorf("%s on %s: status %d, want %d\n%s", kind, path, got.status, want, lastOfTraefik())
	}
}

// until asks until the answer's status is want, for at most a time, and returns
// how long that took. beside runs between the tries.
func (g *guard) until(t *testing.T, kind, token, path string, want int, within time.Duration, beside func()) time.Duration {
	t.Helper()
	for begin := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		got := must(g.ask(path, token))(t)
		took := time.Since(begin)
		if got.status == want {
			site.tried.add(kind, token, got.status)
			return took.Round(10 * time.Millisecond)
		}
		if took > within {
			t.Fatalf("%s on %s: still %d after %s, want %d\n%s", kind, path, got.status, took, want, lastOfTraefik())
		}
		if beside != nil {
			beside()
		}
	}
}

// challenges are the error codes of RFC 6750, section 3.1, by status.
var challenges = map[int]string{
	http.StatusUnauthorized: `error="invalid_token"`,
	http.StatusForbidden:    `error="insufficient_scope"`,
}

// expect asks with a token of a kind and checks the status, the challenge,
// whether the service was reached and that the token's subject is what it was
// told. kind is what the summary counts the answer under.
func (g *guard) expect(t *testing.T, kind, token, path string, want int) reply {
	t.Helper()
	before := site.service.Count()
	got, err := g.ask(path, token, "X-User-Id", "mallory", "X_User_Id", "mallory")
	if err != nil {
		t.Fatalf("%s on %s: %v", kind, path, err)
	}
	site.tried.add(kind, token, got.status)
	reached := site.service.Count() - before
	claims := decode(token)
	user := claims.subject()
	if path == publicPath {
		user = nil // where nobody looks at the token
	}
	switch {
	case got.status != want:
		t.Errorf("%s on %s: status %d, want %d", kind, path, got.status, want)
	case want == http.StatusOK && reached != 1, want != http.StatusOK && reached != 0:
		t.Errorf("%s on %s: status %d, and the service was asked %d times", kind, path, got.status, reached)
	case token != "" && challenges[want] != "" && !strings.Contains(got.challenge, challenges[want]):
		t.Errorf("%s on %s: challenge %q, want %s in it", kind, path, got.challenge, challenges[want])
	case got.seen != nil && !slices.Equal(got.seen.Named("X-User-Id"), user):
		t.Errorf("%s on %s: the service saw the user %q, want %q", kind, path, got.seen.Named("X-User-Id"), user)
	default:
		return got
	}
	t.Logf("the token: %s\nthe plugin's configuration: %v\nTraefik's last lines:\n%s", claims, g.config, lastOfTraefik())
	return got
}

// lastOfTraefik is the end of Traefik's output, where the plugin says why.
func lastOfTraefik() string {
	out, err := site.traefik.Stdout()
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return strings.Join(lines[max(0, len(lines)-4):], "\n")
}

// decoded is a token's header and payload, as they read without any check.
type decoded struct {
	header, payload map[string]any
}

func decode(token string) decoded {
	var d decoded
	parts := strings.Split(token, ".")
	for i, into := range []*map[string]any{&d.header, &d.payload} {
		if i >= len(parts) {
			break
		}
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(raw, into) != nil {
			*into = nil // not a JSON object: an encrypted token's second part
		}
	}
	return d
}

// subject is what the service should be told: the subject, where it can stand
// in a header.
func (d decoded) subject() []string {
	sub, ok := d.payload["sub"].(string)
	if !ok || strings.ContainsAny(sub, "\r\n") {
		return nil
	}
	return []string{sub}
}

func (d decoded) String() string {
	header, _ := json.Marshal(d.header) // decoded JSON encodes again
	payload, _ := json.Marshal(d.payload)
	return string(header) + " · " + string(payload)
}

// must ends the test when Keycloak did not do what the test asked it for.
func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// done is must without a value.
func done(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
