package main

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
	"github.com/labs64/traefik-authproxy/e2e/stories"
	"github.com/labs64/traefik-authproxy/e2e/traefik"
)

// options say how to soak.
type options struct {
	duration             time.Duration
	rate, flood, routers int
	progress             io.Writer // nil for none
}

const (
	host = "soak.test"
	path = "/api/v1/auditflow"
)

// The plugin's times, far shorter than its defaults, so that a minute holds as
// much as an hour does with those.
const (
	minRefresh = time.Second
	refresh    = 2 * time.Second
	timeout    = 2 * time.Second
)

// reloadEvery is how often Traefik loads its configuration anew.
const reloadEvery = time.Second

// soak runs the load and all that goes on beside it.
func soak(ctx context.Context, o options) (r *report, err error) {
	iss, err := issuer.Start(issuer.Options{Algorithms: []string{"ES256"}})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, iss.Close()) }()
	gateway, err := stories.StartTraefik(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, gateway.Stop()) }()
	s := &site{options: o, gateway: gateway, issuer: iss, realm: iss.Default(), tokens: &tokens{}}
	s.tokens.realm = s.realm
	if r, err = s.prepare(ctx); err != nil {
		return nil, err
	}
	begin := time.Now()
	during, end := context.WithTimeout(ctx, o.duration)
	defer end()

	good := stories.StartTraffic(stories.Order{
		Address: gateway.Address(), Host: host, Path: path, Rate: o.rate, Token: s.tokens.next,
	})
	flood := stories.StartTraffic(stories.Order{
		Address: gateway.Address(), Host: host, Path: path, Rate: o.flood, Token: stories.UnknownKids(s.realm),
	})
	reloaded := make(chan error, 1)
	go func() { reloaded <- s.reloads(during, r) }()
	fateErr := s.fate(during, r)
	reloadErr := <-reloaded

	r.take(good.Stop(), flood.Stop())
	r.Seconds = time.Since(begin).Seconds()
	r.Fetches, r.Documents = s.realm.Count(issuer.Certs), s.realm.Count(issuer.Discovery)
	if err := errors.Join(fateErr, reloadErr, ctx.Err()); err != nil {
		return nil, err
	}
	return r, s.calm(ctx, r)
}

// site is all that takes part.
type site struct {
	options
	gateway *stories.TraefikGateway
	issuer  *issuer.Issuer
	realm   *issuer.Realm
	tokens  *tokens
}

// routes is the configuration.
func (s *site) routes() []stories.Route {
	return []stories.Route{{Host: host, Routers: s.routers, Config: map[string]any{
		"issuer":         s.realm.URL(),
		"audience":       []string{issuer.Audience},
		"roleMapping":    map[string]any{path: []string{"auditflow-role"}},
		"decisionLog":    "off",
		"jwksTimeout":    timeout.String(),
		"jwksRefresh":    refresh.String(),
		"jwksMinRefresh": minRefresh.String(),
	}}}
}

// prepare loads the configuration and waits until a good token passes.
func (s *site) prepare(ctx context.Context) (*report, error) {
	version, err := traefikVersion(ctx, s.gateway.Binary())
	if err != nil {
		return nil, err
	}
	r := &report{
		Traefik: version, Cores: runtime.NumCPU(), Started: time.Now(),
		Rate: s.rate, FloodRate: s.flood, Routers: s.routers,
	}
	if err := s.gateway.Apply(ctx, s.routes()); err != nil {
		return nil, err
	}
	s.tokens.renew(s.realm.Active())
	for tries := 0; ; tries++ {
		out := stories.StartTraffic(stories.Order{
			Address: s.gateway.Address(), Host: host, Path: path, Rate: 10, Number: 1, Token: s.tokens.next,
		}).Wait()
		if out.Statuses[http.StatusOK] == 1 {
			break
		}
		if tries == 100 || ctx.Err() != nil {
			return nil, fmt.Errorf("a good token does not pass: %s", out)
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.issuer.ResetCounts()
	return r, s.weigh(ctx, &r.Before)
}

// calm weighs the process once the load's connections have closed, or when they
// should have.
func (s *site) calm(ctx context.Context, r *report) error {
	for range 60 {
		if err := s.weigh(ctx, &r.After); err != nil || r.goroutinesLeft() <= 0 {
			return err
		}
		pause(ctx, 500*time.Millisecond)
	}
	return nil
}

// traefikVersion is the version of the module that the binary was built from
// where it says so, else what it calls itself.
func traefikVersion(ctx context.Context, binary string) (string, error) {
	info, err := buildinfo.ReadFile(binary)
	if err == nil {
		for _, m := range append(info.Deps, &info.Main) {
			if m.Path == "github.com/traefik/traefik/v3" && strings.HasPrefix(m.Version, "v") {
				return m.Version, nil
			}
		}
	}
	return traefik.Version(ctx, binary)
}

// weigh reads how much the process holds.
func (s *site) weigh(ctx context.Context, w *weight) error {
	n, err := s.gateway.Goroutines(ctx)
	if err != nil {
		return err
	}
	rss, err := s.gateway.RSS()
	w.Goroutines, w.MiB = n, float64(rss)/(1<<20)
	return err
}

// reloads loads the configuration anew until ctx ends.
func (s *site) reloads(ctx context.Context, r *report) error {
	tick := time.NewTicker(reloadEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := s.gateway.Apply(ctx, s.routes()); err != nil {
			if ctx.Err() != nil {
				return nil // the end came amid a reload
			}
			return err
		}
		r.Reloads++
	}
}

// say prints a progress line.
func (s *site) say(format string, args ...any) {
	if s.progress != nil {
		fmt.Fprintf(s.progress, format+"\n", args...)
	}
}
