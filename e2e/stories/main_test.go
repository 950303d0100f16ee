package stories

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
)

// long asks for the stories at full length: ten times the reloads and the
// flood of the short form.
var long = flag.Bool("long", false, "tell the stories at full length, which takes some minutes")

// places are the gateways that all stories share, as the middlewares of one
// Traefik do.
var places []*place

func TestMain(m *testing.M) {
	flag.Parse()
	// The stories wait most of their time.
	if err := flag.Set("test.parallel", "9"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "stories:", err)
		code = 1
	}
	os.Exit(code)
}

// run tells the stories. That a process ended by itself, or reported a panic
// or a data race, shows at the end.
func run(m *testing.M) (code int, err error) {
	defer func() {
		for _, p := range places {
			if stopErr := p.Stop(); stopErr != nil {
				err = errors.Join(err, fmt.Errorf("%s: %w", p.Name(), stopErr))
			}
		}
	}()
	if places, err = startAll(context.Background()); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// startAll starts the three gateways at the same time.
func startAll(ctx context.Context) ([]*place, error) {
	starts := []func() (Gateway, error){
		func() (Gateway, error) { return StartPlugin(ctx, Compiled) },
		func() (Gateway, error) { return StartPlugin(ctx, Interpreted) },
		func() (Gateway, error) { return StartTraefik(ctx) },
	}
	started := make([]*place, len(starts))
	errs := make([]error, len(starts))
	var all sync.WaitGroup
	for i, start := range starts {
		all.Go(func() {
			g, err := start()
			if err != nil {
				errs[i] = err
				return
			}
			started[i] = &place{Gateway: g}
		})
	}
	all.Wait()
	return slices.DeleteFunc(started, func(p *place) bool { return p == nil }), errors.Join(errs...)
}

// place is a gateway that several stories use at the same time, each with a
// route of its own.
type place struct {
	Gateway

	mu     sync.Mutex
	routes []Route
}

// add takes a route up beside those of the other stories, and reloads.
func (p *place) add(ctx context.Context, r Route) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.routes = append(p.routes, r)
	return p.Apply(ctx, p.routes)
}

// drop takes the route of a story that has ended out. The next reload shows
// it.
func (p *place) drop(host string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.routes = slices.DeleteFunc(p.routes, func(r Route) bool { return r.Host == host })
}

// reload makes all middlewares anew.
func (p *place) reload(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.Apply(ctx, p.routes)
}
