// Package authproxy is a Traefik middleware that verifies Keycloak access tokens
// and enforces a role mapping inside Traefik's own process.
//
// Traefik interprets it with Yaegi, which differs from compiled Go in ways that
// fail open; CONTRIBUTING.md lists them, and a checker looks for them.
package authproxy

import (
	"context"
	"net/http"
	"time"
)

// New compiles a configuration into a handler in front of next. It makes no network
// call that it waits for. An error names every key that is wrong, and what was
// expected. Middlewares of equal configuration share everything but next: Traefik
// calls New for each router, and for all of them at every reload.
//
// ctx ends the handler's claim on what it shares; state that others still use, and
// keys that were good once, outlive it.
func New(ctx context.Context, next http.Handler, config *Config, name string) (http.Handler, error) {
	g, err := shared.join(ctx, config, name)
	if err != nil {
		return nil, err
	}
	slow := &middleware{gate: g, next: next}
	if !g.hasWarmWay() {
		return slow, nil
	}
	warm := g.warmWay(next, slow)
	return warm, nil
}

// middleware is the whole way of a request, for all that the warm way does not know
// by heart.
type middleware struct {
	gate *gate
	next http.Handler
}

// ServeHTTP decides one request. It calls next once or never.
func (m *middleware) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g := m.gate

	// 1. No client speaks for itself, on public paths neither.
	g.identity.removeFrom(r)

	// 2. The rules for the path, on every reading of it.
	raw, other := forwardedPath(r)
	rt := g.routes.find(raw, other)

	// 3. and 4. The token, where the rules want one, and who it speaks for;
	// 5. whether that suffices.
	d := g.decide(r, rt)
	g.record(r, d)
	if !d.passes() && !g.shadow {
		g.refuse(w, r, d)
		return
	}
	if d.principal != nil {
		setIdentity(r.Header, d.principal)
	}
	if !g.forwardAuthorization {
		g.withdrawToken(r)
	}
	m.next.ServeHTTP(w, r)
}

// hasWarmWay reports whether nothing is configured that the warm way leaves out.
func (g *gate) hasWarmWay() bool {
	return !g.shadow && !g.logAll && g.forwardAuthorization && g.cookieName == "" && g.queryParam == "" &&
		g.verifier.cache != nil
}

// warmWay is the five steps for a known path and a known token. Whatever it does
// not know, or would refuse, goes the whole way, so it can only ever let pass what
// slow would let pass too.
//
// Its text is as short as can be: the interpreter allocates a place for every
// intermediate result of a function, used or not, at each call. Captured variables
// cost nothing, fields of a receiver an operation each.
func (g *gate) warmWay(next, slow http.Handler) http.Handler {
	lengths := g.identity.lengths
	harmless := g.identity.harmless
	routes := g.routes.memo.table
	tokens := g.verifier.cache.memo.table
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := r.Header
		for name := range h {
			// A spoofed name has the length of one of ours; the slow way looks closer.
			if lengths>>uint(len(name))&1 == 1 && !harmless[name] {
				slow.ServeHTTP(w, r)
				return
			}
		}
		uri := r.RequestURI
		path := r.URL.Path
		if uri != path && (len(uri) <= len(path) || uri[len(path)] != '?' || uri[:len(path)] != path) || r.Trailer != nil {
			slow.ServeHTTP(w, r)
			return
		}
		known, ok := routes.Load(path)
		if !ok {
			slow.ServeHTTP(w, r)
			return
		}
		rt := known.(*route)
		if rt.public {
			next.ServeHTTP(w, r)
			return
		}
		values := h["Authorization"]
		if len(values) == 1 {
			entry, ok := tokens.Load(values[0])
			if ok {
				p := entry.(*principal)
				for _, role := range rt.roles {
					if p.roles[role] && time.Until(p.expires) > 0 {
						for _, id := range p.identity {
							h[id.name] = []string{id.value}
						}
						next.ServeHTTP(w, r)
						return
					}
				}
			}
		}
		slow.ServeHTTP(w, r)
	})
}
