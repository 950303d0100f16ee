// Package authproxy is a Traefik middleware that verifies Keycloak access tokens
// and enforces a role mapping inside Traefik's own process.
//
// Traefik interprets it with Yaegi, which differs from compiled Go in ways that
// fail open; CONTRIBUTING.md lists them, and a checker looks for them.
package authproxy

import (
	"context"
	"net/http"
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
	if g.warm == nil {
		return slow, nil
	}
	if g.verifier.hasColdWay() {
		cold := g.coldWay(next, slow)
		return cold, nil
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
	removeIdentity(g.identity, r)

	// 2. The rules for the path, on every reading of it.
	rt := findRoute(g.routes, r)

	// 3. and 4. The token, where the rules want one, and who it speaks for;
	// 5. whether that suffices.
	d := &decision{attempt: &attempt{}}
	decide(g, r, rt, d)
	if !carryOut(g, w, r, d) {
		return
	}
	if g.warm != nil {
		learn(g, r, rt)
	}
	m.next.ServeHTTP(w, r)
}
