package stories

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/labs64/traefik-authproxy/e2e/backend"
	"github.com/labs64/traefik-authproxy/e2e/traefik"
)

// TraefikGateway is real Traefik.
type TraefikGateway struct {
	*traefik.Process
	service *backend.Backend
	client  *http.Client
}

// StartTraefik starts Traefik with the plugin of this checkout and without a
// route.
func StartTraefik(ctx context.Context) (*TraefikGateway, error) {
	service, err := backend.Start()
	if err != nil {
		return nil, err
	}
	p, err := traefik.Start(ctx, traefik.Options{
		Static: `
log: {level: ERROR, format: json}
api: {insecure: true, debug: true}
entryPoints:
  web: {address: ':80'}
experimental: {abortOnPluginFailure: true}
# So that the goroutines of idle connections do not stay for a minute and a half.
serversTransport: {forwardingTimeouts: {idleConnTimeout: 5s}}
`,
		Env: withoutProxy(),
	})
	if err != nil {
		return nil, errors.Join(err, service.Close())
	}
	// Answers of a hundred goroutines' stacks take a while on a busy machine.
	return &TraefikGateway{Process: p, service: service, client: &http.Client{Timeout: time.Minute}}, nil
}

// Name is Traefik.
func (g *TraefikGateway) Name() string { return Traefik }

// Address is the entry point's.
func (g *TraefikGateway) Address() string { return g.Addr("web") }

// Goroutines asks Traefik's debug endpoint.
func (g *TraefikGateway) Goroutines(ctx context.Context) (int, error) {
	return countGoroutines(ctx, g.client, "", g.Addr("traefik"))
}

// Apply writes the dynamic configuration and waits until Traefik serves it.
func (g *TraefikGateway) Apply(ctx context.Context, routes []Route) error {
	dynamic, err := dynamicOf(routes, g.service.URL)
	if err != nil {
		return err
	}
	return g.Reload(ctx, dynamic)
}

// Stop ends Traefik and the service behind it.
func (g *TraefikGateway) Stop() error {
	stdout, outErr := g.Stdout()
	stderr, errErr := g.Stderr()
	return errors.Join(outErr, errErr, g.Process.Stop(), g.service.Close(), noisy(stdout, stderr))
}

// dynamicOf is the dynamic configuration of the routes.
func dynamicOf(routes []Route, service string) (string, error) {
	type tree = map[string]any
	routers, middlewares := tree{}, tree{}
	for i, r := range routes {
		name := fmt.Sprintf("route-%d", i)
		middlewares[r.Middleware()] = r.section()
		for n := range r.Count() {
			routers[fmt.Sprintf("%s-%d", name, n)] = tree{
				"entryPoints": []string{"web"},
				"rule":        fmt.Sprintf("Host(`%s`)", r.RouterHost(n)),
				"middlewares": []string{r.Middleware()},
				"service":     "echo",
			}
		}
	}
	if len(routes) == 0 {
		return "", nil
	}
	text, err := yaml.Marshal(tree{"http": tree{
		"routers": routers, "middlewares": middlewares,
		"services": tree{"echo": tree{"loadBalancer": tree{"servers": []tree{{"url": service}}}}},
	}})
	return string(text), err
}
