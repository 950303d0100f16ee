package micro

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/host"
	"github.com/labs64/traefik-authproxy/e2e/issuer"
	"github.com/labs64/traefik-authproxy/e2e/layout"
)

// Plugin is the plugin in an interpreter, with an issuer beside it.
type Plugin struct {
	plugin *host.Plugin
	issuer *issuer.Issuer
	next   http.Handler
	passed int
}

// Load starts an issuer and loads the plugin. What the plugin prints is lost,
// but for its lines on the process's standard output.
func Load() (*Plugin, error) {
	checkout, err := layout.Checkout()
	if err != nil {
		return nil, err
	}
	iss, err := issuer.Start(issuer.Options{})
	if err != nil {
		return nil, err
	}
	p := &Plugin{issuer: iss}
	p.next = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { p.passed++ })
	if p.plugin, err = host.Interpreted(checkout, io.Discard, io.Discard); err != nil {
		_ = iss.Close() // the first error says more
		return nil, err
	}
	return p, nil
}

// Close ends the issuer.
func (p *Plugin) Close() error { return p.issuer.Close() }

// guarded and role are a rule of the middlewares that are measured.
const (
	guarded = "/api/v1/orders"
	role    = "admin-role"
)

// way is one way through ServeHTTP.
type way struct {
	name          string
	settings      map[string]any
	path          string
	authorization string
	// numbered appends a number to the path, another one each time.
	numbered bool
	status   int
	header   map[string]string
}

func (p *Plugin) ways() []way {
	realm := p.issuer.Default()
	good := lasting(realm, "alice")
	old := good.With("exp", good.Claims["iat"].(int64)-3600).With("iat", good.Claims["iat"].(int64)-7200)
	bearer := good.Bearer()
	uncached := map[string]any{"tokenCacheSize": 0}
	return []way{
		{name: "warm", path: guarded, authorization: bearer},
		{name: "warm, with a query", path: guarded + "?page=2&sort=date", authorization: bearer},
		{name: "warm, an unusual header", path: guarded, authorization: bearer, header: map[string]string{"X-Shop-Id": "7"}},
		{name: "warm, a spoofed X-User-Id", path: guarded, authorization: bearer, header: map[string]string{"X_user_id": "root"}},
		{name: "public", path: "/health"},
		{name: "a new path each time", path: guarded, authorization: bearer, numbered: true},
		{name: "an odd path", path: guarded + "/a%20b", authorization: bearer},
		{name: "cold, RS256", settings: uncached, path: guarded, authorization: bearer},
		{name: "cold, ES256", settings: uncached, path: guarded, authorization: good.By(realm.Key("ES256")).Bearer()},
		{name: "cold, EdDSA", settings: uncached, path: guarded, authorization: good.By(realm.Key("EdDSA")).Bearer()},
		{name: "refused: no token", path: guarded, status: http.StatusUnauthorized},
		{name: "refused: two headers", path: guarded, authorization: "two", status: http.StatusBadRequest},
		{name: "refused: Basic", path: guarded, authorization: "Basic YWxpY2U6YWxpY2U=", status: http.StatusUnauthorized},
		{name: "refused: no JWT", path: guarded, authorization: "Bearer " + strings.Repeat("x", len(bearer)), status: http.StatusUnauthorized},
		{name: "refused: bad signature", path: guarded, authorization: good.Forged(issuer.Stranger("RS256")).Bearer(), status: http.StatusUnauthorized},
		{name: "refused: unknown key", path: guarded, authorization: good.Head("kid", "nobody").Bearer(), status: http.StatusUnauthorized},
		{name: "refused: alg none", path: guarded, authorization: good.Unsigned().Bearer(), status: http.StatusUnauthorized},
		{name: "refused: expired", path: guarded, authorization: old.Bearer(), status: http.StatusUnauthorized},
		{name: "refused: another audience", path: guarded, authorization: good.With("aud", "elsewhere").Bearer(), status: http.StatusUnauthorized},
		{name: "refused: the role is missing", path: guarded, authorization: lasting(realm, "carol").Bearer(), status: http.StatusForbidden},
		{name: "refused: no rule", path: "/nowhere", authorization: bearer, status: http.StatusForbidden},
		{name: "refused: a path that does not decode", path: guarded + "/%", authorization: bearer, status: http.StatusBadRequest},
	}
}

func lasting(realm *issuer.Realm, user string) issuer.Token {
	t := realm.Access(user)
	return t.With("exp", t.Claims["iat"].(int64)+24*60*60)
}

// settings is the configuration that ways have in common.
func (p *Plugin) settings(changes map[string]any) map[string]any {
	all := map[string]any{
		"issuer":      p.issuer.URL,
		"audience":    []string{issuer.Audience},
		"roleMapping": map[string]any{guarded: []string{role}, "/health": []string{}},
	}
	maps.Copy(all, changes)
	return all
}

// Steps returns the ways through ServeHTTP and what New takes. It fails when
// a way does not end as it should.
func (p *Plugin) Steps(ctx context.Context) ([]Step, error) {
	var steps []Step
	for _, w := range p.ways() {
		s, err := p.step(ctx, w)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		steps = append(steps, s)
	}
	shared := p.settings(nil)
	steps = append(steps, Step{Name: "New for a further router", do: func(n int) {
		for range n {
			if _, err := p.plugin.New(ctx, p.next, shared, "micro@file"); err != nil {
				panic(err) // it was accepted before
			}
		}
	}})
	return steps, nil
}

// step makes a middleware for a way and tries it until it answers as it
// should: the first requests wait for keys, and teach the caches.
func (p *Plugin) step(ctx context.Context, w way) (Step, error) {
	h, err := p.plugin.New(ctx, p.next, p.settings(w.settings), "micro@file")
	if err != nil {
		return Step{}, err
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	r := request(w)
	out := &discard{header: http.Header{}}
	deadline := time.Now().Add(20 * time.Second)
	for good := 0; good < 50; {
		out.status = http.StatusOK
		before := p.passed
		serve(h, out, r)
		if out.status == w.status && (p.passed > before) == (w.status == http.StatusOK) {
			good++
			continue
		}
		if time.Now().After(deadline) {
			return Step{}, fmt.Errorf("answered %d, want %d", out.status, w.status)
		}
		good = 0
		time.Sleep(10 * time.Millisecond)
	}
	number := 0
	return Step{Name: w.name, do: func(n int) {
		for range n {
			if w.numbered {
				number++
				r.URL.Path = fmt.Sprintf("%s/%d", w.path, number)
				r.RequestURI = r.URL.Path
			}
			for name, value := range w.header {
				r.Header[name] = []string{value}
			}
			serve(h, out, r)
		}
	}}, nil
}

func request(w way) *http.Request {
	target, bad := w.path, strings.HasSuffix(w.path, "%")
	if bad {
		target = guarded // what net/http would not parse
	}
	r := newRequest(target, w.authorization)
	if bad {
		r.RequestURI = w.path
	}
	if w.authorization == "two" {
		r.Header["Authorization"] = []string{"Bearer a", "Bearer b"}
	}
	for name, value := range w.header {
		r.Header[name] = []string{value}
	}
	return r
}

// serve serves a request as if it had just come in: what the middleware set
// the last time goes.
func serve(h http.Handler, out *discard, r *http.Request) {
	delete(r.Header, "X-User-Id")
	clear(out.header)
	h.ServeHTTP(out, r)
}

// discard is a response that nobody reads.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
