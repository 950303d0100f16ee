package pathbackends

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"text/template"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
	"github.com/labs64/traefik-authproxy/e2e/traefik"
	"github.com/labs64/traefik-authproxy/e2e/traefik/traefiktest"
)

func TestMain(m *testing.M) {
	RunAsBackend()
	os.Exit(m.Run())
}

// What stands in front of a backend:
//   - "open", the hardest policy to hold: everything is public but the two
//     areas, so that a reading which the plugin misses is a way in;
//   - "flat", the policy of the examples: what it does not name is denied. What
//     gets past it gets past "open" too, so only the long run tries it;
//   - "naive", no policy of the plugin's but a plain comparison of prefixes by
//     Traefik's own routers: the control that shows that a leak is seen here;
//   - "none", which forwards everything.
const mapping = `
            /api/v1/admin: [admin-role]
            /api/v1/auditflow: [admin-role, auditflow-role]
            /public: []
            /health: []`

// dynamic is Traefik's configuration: a router for each backend and policy,
// chosen by the host name BACKEND.POLICY.
var dynamic = template.Must(template.New("dynamic").Parse(`
http:
  middlewares:
    denied: {ipAllowList: {sourceRange: ["255.255.255.255/32"]}}
{{- range $fold := .Folds}}
    flat-{{$fold}}:
      plugin:
        authproxy:
          issuer: {{$.Issuer}}
          audience: [{{$.Audience}}]
          caseInsensitivePaths: {{$fold}}
          decisionLog: "off"
          logLevel: error
          roleMapping: {{$.Mapping}}
    open-{{$fold}}:
      plugin:
        authproxy:
          issuer: {{$.Issuer}}
          audience: [{{$.Audience}}]
          caseInsensitivePaths: {{$fold}}
          decisionLog: "off"
          logLevel: error
          roleMapping: {{$.Mapping}}
            /: []
{{- end}}
  routers:
{{- range .Backends}}
    {{.Router}}-flat: {rule: "Host(` + "`{{.Name}}.flat`" + `)", service: "{{.Router}}", middlewares: [flat-{{.FoldsCase}}]}
    {{.Router}}-open: {rule: "Host(` + "`{{.Name}}.open`" + `)", service: "{{.Router}}", middlewares: [open-{{.FoldsCase}}]}
    {{.Router}}-none: {rule: "Host(` + "`{{.Name}}.none`" + `)", service: "{{.Router}}"}
    {{.Router}}-naive: {rule: "Host(` + "`{{.Name}}.naive`" + `)", service: "{{.Router}}"}
    {{.Router}}-admin: {rule: "Host(` + "`{{.Name}}.naive`) && PathPrefix(`/api/v1/admin`" + `)", service: "{{.Router}}", middlewares: [denied]}
    {{.Router}}-auditflow: {rule: "Host(` + "`{{.Name}}.naive`) && PathPrefix(`/api/v1/auditflow`" + `)", service: "{{.Router}}", middlewares: [denied]}
{{- end}}
  services:
{{- range .Backends}}
    {{.Router}}: {loadBalancer: {servers: [{url: "http://{{.Addr}}"}]}}
{{- end}}
`))

// static has the two ways of Traefik with a path: cleaned, as by default, and
// left as it came.
const static = `
entryPoints:
  clean: {address: ":80"}
  asis: {address: ":81", http: {sanitizePath: false}}
log: {level: ERROR}
`

// entryPoints are the names of Traefik's entry points.
var entryPoints = []string{"clean", "asis"}

// routed is a backend with the name of its routers, which may hold no dot.
type routed struct{ Backend }

func (r routed) Router() string { return strings.ReplaceAll(r.Name, ".", "-") }

// recorderName is the recorder among the backends.
const recorderName = "recorder"

// rig is Traefik with the plugin in front of all backends.
type rig struct {
	backends []Backend
	traefik  *traefik.Process
	// low and admin are Authorization values of users with auditflow-role and
	// with admin-role.
	low, admin string
}

// startRig starts everything. A family that is not installed here is named in
// the test's output; under CI=true that is a failure.
func startRig(t *testing.T) *rig {
	t.Helper()
	begin := time.Now()
	r := &rig{backends: startBackends(t)}
	t.Logf("%d backends ready after %v", len(r.backends), time.Since(begin).Round(time.Millisecond))

	iss := issuer.MustStart(issuer.Options{})
	t.Cleanup(func() { iss.Close() })
	later := time.Now().Add(3 * time.Hour).Unix()
	r.low = "Bearer " + iss.Default().Access("bob").With("exp", later).String()
	r.admin = "Bearer " + iss.Default().Access("alice").With("exp", later).String()

	all := []routed{{Backend{Name: recorderName, Addr: startRecorder(t)}}}
	for _, backend := range r.backends {
		all = append(all, routed{backend})
	}
	var text bytes.Buffer
	if err := dynamic.Execute(&text, map[string]any{
		"Backends": all, "Folds": []bool{false, true}, "Mapping": mapping,
		"Issuer": iss.Default().URL(), "Audience": issuer.Audience,
	}); err != nil {
		t.Fatal(err)
	}
	r.traefik = traefiktest.Start(t, traefik.Options{Static: static, Dynamic: text.String()})
	t.Logf("Traefik ready after %v", time.Since(begin).Round(time.Millisecond))
	return r
}

// startBackends starts all families at once, nginx and httpd after the Go
// application that they pass on to.
func startBackends(t *testing.T) []Backend {
	t.Helper()
	root := t.TempDir()
	if err := Files(root); err != nil {
		t.Fatal(err)
	}
	goFamily, err := StartGo(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(goFamily.Stop)
	application := goFamily.Backends[0].Addr
	temp := [3]string{t.TempDir(), t.TempDir(), t.TempDir()}
	starts := []func() (*Family, error){
		func() (*Family, error) { return StartNode(root) },
		func() (*Family, error) { return StartPython(root) },
		func() (*Family, error) { return StartJava(temp[0]) },
		func() (*Family, error) { return StartNginx(root, temp[1], application) },
		func() (*Family, error) { return StartHttpd(root, temp[2], application) },
	}
	families := make([]*Family, len(starts))
	errs := make([]error, len(starts))
	var wg sync.WaitGroup
	for i, start := range starts {
		wg.Go(func() { families[i], errs[i] = start() })
	}
	wg.Wait()

	backends := goFamily.Backends
	for i, family := range families {
		switch err := errs[i]; {
		case err == nil:
			t.Cleanup(family.Stop)
			backends = append(backends, family.Backends...)
		case errors.Is(err, ErrMissing) && os.Getenv("CI") != "true":
			fmt.Println("NOT RUN: the backends that need", err)
		default:
			t.Error(err)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
	return backends
}

// through sends the requests through Traefik to a backend behind a policy.
func (r *rig) through(t *testing.T, entryPoint, backend, policy, authorization string, requests []Request) []Response {
	t.Helper()
	sent := make([]Request, len(requests))
	for i, request := range requests {
		request.Host = backend + "." + policy
		request.Authorization = authorization
		sent[i] = request
	}
	responses, err := SendAll(r.traefik.Addr(entryPoint), connections, sent)
	if err != nil {
		t.Fatal(err)
	}
	return responses
}

// connections is how many requests are under way at once to one server.
const connections = 4
