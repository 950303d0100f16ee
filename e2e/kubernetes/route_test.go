package kubernetes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/labs64/traefik-authproxy/e2e/backend"
	"github.com/labs64/traefik-authproxy/e2e/issuer"
	"github.com/labs64/traefik-authproxy/e2e/traefik"
)

// route is the middleware and the route of the manifests, changed where a test
// says so.
type route struct {
	middleware, ingress Object
	host                string
}

// readRoute reads both from the manifests. The policy's folder is the one of
// this machine that stands for the mounted one; nothing else differs.
func readRoute() (*route, error) {
	text, err := os.ReadFile(filepath.Join(examples, "manifests", "4-route.yaml"))
	if err != nil {
		return nil, err
	}
	documents, err := Documents(text)
	if err != nil || len(documents) != 2 {
		return nil, fmt.Errorf("%d documents: %w", len(documents), err)
	}
	r := &route{middleware: documents[0].Object, ingress: documents[1].Object, host: publicHost}
	return r, r.onThisMachine()
}

// onThisMachine puts this machine's folder into the middleware's place for the
// mounted one.
func (r *route) onThisMachine() error {
	config := r.config()
	file := strings.Replace(config.text("roleMappingFile"), mappingDir, site.mount.Dir, 1)
	if file == config.text("roleMappingFile") {
		return fmt.Errorf("the middleware's policy %q is not in %s", file, mappingDir)
	}
	config["roleMappingFile"] = file
	return nil
}

// config is the plugin's configuration; what is set there is set.
func (r *route) config() Object { return r.middleware.child("spec", "plugin", "authproxy") }

// apply applies both.
func (r *route) apply(ctx context.Context) error {
	for _, o := range []Object{r.middleware, r.ingress} {
		text, err := o.YAML()
		if err != nil {
			return err
		}
		if _, err := site.server.Admin.Apply(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// newRoute applies a route of a test's own, with a middleware that change has
// changed, and waits until both Traefiks serve it. The name is a label of a
// host.
func newRoute(t *testing.T, name string, change func(r *route)) *route {
	t.Helper()
	r, err := readRoute()
	if err != nil {
		t.Fatal(err)
	}
	r.host = name + ".example.com"
	for _, o := range []Object{r.middleware, r.ingress} {
		o.child("metadata")["name"] = name
	}
	rule := r.ingress.Spec().list("routes")[0]
	rule["match"] = fmt.Sprintf("Host(`%s`)", r.host)
	rule["middlewares"] = []any{map[string]any{"name": name}}
	if change != nil {
		change(r)
	}
	if err := r.apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, o := range []Object{r.ingress, r.middleware} {
			if err := site.server.Admin.Delete(context.Background(), o); err != nil {
				t.Error(err)
			}
		}
	})
	r.served(t)
	return r
}

// served waits until both Traefiks serve the route.
func (r *route) served(t *testing.T) {
	t.Helper()
	for _, p := range site.replicas {
		until(t, "the route "+r.host, func() bool { return r.ask(t, p, "/", "").status != http.StatusNotFound })
	}
}

// answer is what a request got.
type answer struct {
	status          int
	challenge, user string
}

// ask asks a Traefik for a path of the route. A request that passes tells the
// user that the service saw.
func (r *route) ask(t *testing.T, p *traefik.Process, path, token string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.Addr("web")+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = r.host
	req.Header.Set("X-User-Id", "mallory")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, challenge: res.Header.Get("WWW-Authenticate")}
	var body bytes.Buffer
	if _, err := body.ReadFrom(res.Body); err != nil {
		t.Fatal(err)
	}
	if a.status == http.StatusOK {
		var seen backend.Seen
		if err := json.Unmarshal(body.Bytes(), &seen); err != nil {
			t.Fatal(errors.Join(err, fmt.Errorf("the body is %q", body.Bytes())))
		}
		a.user = strings.Join(seen.Named("X-User-Id"), ",")
	}
	return a
}

// eventually waits until both Traefiks answer a path with a status.
func (r *route) eventually(t *testing.T, what, path, token string, status int) {
	t.Helper()
	for _, p := range site.replicas {
		until(t, what, func() bool { return r.ask(t, p, path, token).status == status })
	}
}

// promised asks each Traefik for what the policy lets pass and what not.
func (r *route) promised(t *testing.T, realm *issuer.Realm, replicas ...*traefik.Process) {
	t.Helper()
	alice, bob := realm.Access("alice").String(), realm.Access("bob").String()
	name := fmt.Sprintf("Bearer realm=%q", realm.Name)
	for i, p := range replicas {
		for _, row := range []struct {
			phrase, path, token string
			want                answer
		}{
			{"public", "/v3/api-docs", "", answer{200, "", ""}},
			{"no token", "/api/v1/admin", "", answer{401, name, ""}},
			{"no token", "/api/v1/auditflow", "", answer{401, name, ""}},
			{"garbage", "/api/v1/auditflow", "garbage", answer{401, name + `, error="invalid_token"`, ""}},
			{"an ID token", "/api/v1/auditflow", realm.ID("bob").String(), answer{401, name + `, error="invalid_token"`, ""}},
			{"the wrong role", "/api/v1/admin", bob, answer{403, name + `, error="insufficient_scope"`, ""}},
			{"no rule", "/nowhere", alice, answer{403, name + `, error="insufficient_scope"`, ""}},
			{"the role", "/api/v1/auditflow", bob, answer{200, "", realm.User("bob").Sub}},
			{"another role", "/api/v1/admin", alice, answer{200, "", realm.User("alice").Sub}},
		} {
			if got := r.ask(t, p, row.path, row.token); got != row.want {
				t.Errorf("replica %d, %s, %s: got %+v, want %+v", i, row.path, row.phrase, got, row.want)
			}
		}
	}
}
