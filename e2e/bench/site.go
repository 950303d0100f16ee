package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
	"github.com/labs64/traefik-authproxy/e2e/layout"
	"github.com/labs64/traefik-authproxy/e2e/traefik"
)

// The middlewares that others are measured against: one that does nothing, and
// one that checks a signature and decodes the claims, with golang-jwt.
const (
	emptyPlugin = "example.com/empty"
	leastPlugin = "example.com/least"
	golangJWT   = "github.com/golang-jwt/jwt/v5"
)

// site is all that a run needs around Traefik: an issuer, a service that
// answers at once, and one that says yes to forwardAuth.
type site struct {
	issuer  *issuer.Issuer
	backend *answerer
	yes     *answerer
	peers   []Peer
}

func newSite(peers []Peer) (*site, error) {
	iss, err := issuer.Start(issuer.Options{Algorithms: []string{"RS256", "ES256"}})
	if err != nil {
		return nil, err
	}
	s := &site{issuer: iss, peers: peers}
	body := []byte("ok")
	s.backend, err = answer(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(body) // a client that has gone needs no answer
	})
	if err == nil {
		s.yes, err = answer(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-User-Id", "00000000-0000-4000-8000-000000000000")
		})
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *site) close() error {
	return errors.Join(s.issuer.Close(), s.backend.close(), s.yes.close())
}

// answerer is a compiled server on loopback.
type answerer struct {
	url    string
	server *http.Server
}

func answer(h http.HandlerFunc) (*answerer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	a := &answerer{url: "http://" + l.Addr().String(), server: &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}}
	go func() { _ = a.server.Serve(l) }() // ends with close
	return a, nil
}

func (a *answerer) close() error {
	if a == nil {
		return nil
	}
	return a.server.Close()
}

// tree is a piece of a configuration.
type tree = map[string]any

// gates are the middlewares by entry point; "bare" has none.
func (s *site) gates() (map[string]tree, error) {
	with := func(changes tree) tree {
		plugin := s.plugin()
		maps.Copy(plugin, changes)
		return tree{"plugin": tree{"authproxy": plugin}}
	}
	gates := map[string]tree{
		"bare":       nil,
		"empty":      {"plugin": tree{"empty": tree{"unused": "x"}}},
		"least":      {"plugin": tree{"least": tree{"jwks": s.issuer.Default().Inner(issuer.Certs)}}},
		"auth":       with(nil),
		"cold":       with(tree{"tokenCacheSize": 0}),
		"rules10":    with(tree{"roleMapping": mapping(fewRules)}),
		"rules10000": with(tree{"roleMapping": mapping(manyRules)}),
		"forwardauth": {"forwardAuth": tree{
			"address": s.yes.url, "authResponseHeaders": []string{"X-User-Id"},
		}},
	}
	for _, p := range s.peers {
		middleware, err := p.middleware(s)
		if err != nil {
			return nil, err
		}
		gates[p.entry()] = middleware
	}
	return gates, nil
}

// plugin is the plugin's configuration for the warm row: what the README's
// quick start has, for this issuer.
func (s *site) plugin() tree {
	return tree{
		"issuer":      s.issuer.URL,
		"audience":    []string{issuer.Audience},
		"roleMapping": tree{guarded: []string{role}, public: []string{}},
	}
}

// mapping is a role mapping of n prefixes.
func mapping(n int) tree {
	m := tree{}
	for i := range n {
		m[rulePath(i)] = []string{role}
	}
	return m
}

// start runs Traefik with an entry point for each gate, and beside them one
// named crowd with so many routers through the plugin. Its profiles are on the
// entry point named traefik.
func (s *site) start(ctx context.Context, routers int) (*traefik.Process, error) {
	gates, err := s.gates()
	if err != nil {
		return nil, err
	}
	plugins := tree{
		"authproxy": tree{"moduleName": layout.Module},
		"empty":     tree{"moduleName": emptyPlugin},
		"least":     tree{"moduleName": leastPlugin},
	}
	checkout, err := layout.Checkout()
	if err != nil {
		return nil, err
	}
	folders := map[string]string{
		emptyPlugin: filepath.Join(checkout, "e2e", "bench", "testdata", "empty"),
		leastPlugin: filepath.Join(checkout, "e2e", "bench", "testdata", "least"),
		golangJWT:   filepath.Join(checkout, "vendor", filepath.FromSlash(golangJWT)),
	}
	for _, p := range s.peers {
		if p.Module != "" {
			plugins[p.entry()] = tree{"moduleName": p.Module}
			folders[p.Module] = p.Folder
		}
	}
	entries := tree{"crowd": tree{}}
	for name := range gates {
		entries[name] = tree{}
	}
	static, err := yaml.Marshal(tree{
		"entryPoints":  entries,
		"log":          tree{"level": "ERROR"},
		"api":          tree{"insecure": true, "debug": true},
		"experimental": tree{"localPlugins": plugins, "abortOnPluginFailure": true},
		// As many connections as the load needs, so that none is made anew.
		"serversTransport": tree{"maxIdleConnsPerHost": 200},
	})
	if err != nil {
		return nil, err
	}
	dynamic, err := s.dynamic(gates, routers, true)
	if err != nil {
		return nil, err
	}
	p, err := traefik.Start(ctx, traefik.Options{Checkout: checkout, Static: string(static), Dynamic: dynamic, LocalPlugins: folders})
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(gates)) {
		if err := s.settle(ctx, p, name); err != nil {
			return nil, errors.Join(err, p.Stop())
		}
	}
	return p, nil
}

// dynamic is the dynamic configuration: a router for each gate, and a crowd
// of them, with the plugin or without.
func (s *site) dynamic(gates map[string]tree, crowd int, guardCrowd bool) (string, error) {
	routers, middlewares := tree{}, tree{}
	for name, gate := range gates {
		router := tree{"entryPoints": []string{name}, "rule": "PathPrefix(`/`)", "service": "backend"}
		if gate != nil {
			router["middlewares"] = []string{name}
			middlewares[name] = gate
		}
		routers[name] = router
	}
	for i := range crowd {
		router := tree{"entryPoints": []string{"crowd"}, "rule": fmt.Sprintf("Host(`r%d.example.com`)", i), "service": "backend"}
		if guardCrowd {
			router["middlewares"] = []string{"auth"}
		}
		routers[fmt.Sprintf("crowd-%d", i)] = router
	}
	out, err := yaml.Marshal(tree{"http": tree{
		"routers": routers, "middlewares": middlewares,
		"services": tree{"backend": tree{"loadBalancer": tree{"servers": []tree{{"url": s.backend.url}}}}},
	}})
	return string(out), err
}

// settle waits until a good request passes at an entry point: the plugin may
// still be fetching its keys.
func (s *site) settle(ctx context.Context, p *traefik.Process, entry string) error {
	deadline := time.Now().Add(30 * time.Second)
	path := guarded
	if strings.HasPrefix(entry, "rules") {
		path = rulePath(0)
	}
	good := request{path, lasting(s.issuer.Default(), "alice").Bearer()}
	for {
		status, err := ask(ctx, "http://"+p.Addr(entry), good)
		if err == nil && status == http.StatusOK {
			return nil
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			return fmt.Errorf("%s: a good request gets status %d (%v)", entry, status, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// ask sends one request and returns the answer's status.
func ask(ctx context.Context, base string, r request) (int, error) {
	t := target(base, r)
	req, err := http.NewRequestWithContext(ctx, t.Method, t.URL, nil)
	if err != nil {
		return 0, err
	}
	req.Header = t.Header
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	_, _ = io.Copy(io.Discard, res.Body) // only the status counts
	return res.StatusCode, res.Body.Close()
}
