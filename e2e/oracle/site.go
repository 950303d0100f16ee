package oracle

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/labs64/traefik-authproxy/e2e/host"
	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// issuerName is the iss that the plugin accepts; nothing is fetched there.
const issuerName = "https://sso.example.org/realms/shop"

// common is the configuration that every site has. CERTS stands for the
// address of the keys.
const common = `
plugin:
  authproxy:
    issuer: ` + issuerName + `
    jwksUrl: CERTS
    audience: shop
    decisionLog: "off"
`

// quiet keeps the log to what is wrong with the keys.
const quiet = `
    logLevel: error
`

// site is the plugin in front of a service that notes what it is told.
type site struct {
	plugin  http.Handler
	reached int
	seen    http.Header
	close   func()
}

// served counts sites: the plugin remembers the keys of an address, and a port
// may come again.
var served atomic.Int64

// open puts a plugin up, with keys served on loopback and lines added to the
// common configuration.
func open(p *host.Plugin, jwks []byte, more string) (*site, error) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(jwks) // a plugin that has gone needs no keys
	}))
	ctx, cancel := context.WithCancel(context.Background())
	s := &site{close: func() { cancel(); server.Close() }}
	config, err := host.Config(strings.ReplaceAll(common, "CERTS", fmt.Sprintf("%s/%d", server.URL, served.Add(1))) + more)
	if err != nil {
		s.close()
		return nil, err
	}
	next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s.reached++
		s.seen = r.Header
	})
	if s.plugin, err = p.New(ctx, next, config, "oracle@file"); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// anyRole lets every good token pass, and verifies each anew.
const anyRole = quiet + `
    tokenCacheSize: 0
    rules: [{path: /, authenticated: true}]
`

// openRealm is open with the published keys.
func openRealm(p *host.Plugin, more string) (*site, error) {
	return open(p, issuer.JWKS(published...), more)
}

// answer is what became of a request.
type answer struct {
	status    int
	challenge string
	reached   int         // how often the service was reached
	seen      http.Header // what it was told
}

// allowed reports whether the request passed.
func (a answer) allowed() bool { return a.reached == 1 }

// sound says what is wrong with an answer whatever was asked, "" if nothing.
func (a answer) sound() string {
	switch {
	case a.status >= 500:
		return "the plugin answers with an error of its own"
	case a.reached > 1:
		return "the service was reached twice"
	case (a.reached == 1) != (a.status == http.StatusOK):
		return "status and service disagree"
	case a.status != http.StatusOK && a.challenge == "":
		return "a refusal without a challenge"
	}
	return ""
}

// String is everything that a client or the service sees, in a fixed order.
func (a answer) String() string {
	var told strings.Builder
	for _, name := range slices.Sorted(maps.Keys(a.seen)) {
		fmt.Fprintf(&told, " %s=%q", name, a.seen[name])
	}
	return fmt.Sprintf("%d, challenge %q, reached %d times, told%s", a.status, a.challenge, a.reached, told.String())
}

// ask sends one request with the given Authorization values.
func (s *site) ask(authorization ...string) answer {
	s.reached, s.seen = 0, nil
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if len(authorization) > 0 {
		r.Header["Authorization"] = authorization
	}
	w := httptest.NewRecorder()
	s.plugin.ServeHTTP(w, r)
	return answer{
		status:    w.Code,
		challenge: w.Header().Get("WWW-Authenticate"),
		reached:   s.reached,
		seen:      s.seen,
	}
}
