// Package traefiktest starts Traefik in tests.
package traefiktest

import (
	"context"
	"testing"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/traefik"
)

// startLimit is how long a start may take: a build may be part of it.
const startLimit = 15 * time.Minute

// Start starts Traefik for the length of the test, which fails where Traefik
// does not start, or does not end as it should.
func Start(t testing.TB, o traefik.Options) *traefik.Process {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	p, err := traefik.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}
