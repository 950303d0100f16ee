// Command check runs everything that says whether the repository is in order:
// make test calls it. Without arguments it runs all steps; with arguments the
// named ones, as in "check gofmt yaegi".
//
// Each step prints its name, its time, and what it has to say when it fails.
// A step that cannot run fails. With CI=true a test that skips itself is a
// failure too; without, it is listed. The last two lines say what ran, and
// how much of it passed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/layout"
)

// step is one of the things to check.
type step struct {
	name string
	what string
	run  func(context.Context, *check) (report, error)
}

// report is what a step has to say.
type report struct {
	// passed and failed count tests; a step without tests leaves them zero
	// and counts as one by itself.
	passed, failed int
	// skipped are tests that did not run, with their reasons.
	skipped []string
	// ran are the names of the tests that ran, by package.
	ran map[string][]string
	// note is a word on what ran, for the closing line.
	note string
	// output is shown when the step fails.
	output string
}

// steps are all of them, the quick ones first.
var steps = []step{
	{"gofmt", "every Go file is formatted", gofmt},
	{"vet", "go vet, both modules", vet},
	{"staticcheck", "staticcheck, both modules", staticcheck},
	{"traps", "the interpreter's traps in the plugin", traps},
	{"modules", "checksums of dependencies, go.mod and vendor as they should be", modules},
	{"plugin", "the plugin's tests, compiled, with the race detector", pluginTests},
	{"yaegi", "the plugin's tests in the interpreter", yaegiTests},
	{"traefik", "a Traefik to test in", findTraefik},
	{"e2e", "the tests in the interpreter as Traefik loads it, in Traefik, and of all tools", e2eTests},
	{"compose", "the Docker Compose example as written, on an engine of its own", composeTests},
	{"kubernetes", "the Kubernetes example on a real API server", kubernetesTests},
	{"fuzz", "every fuzz test for a while", fuzz},
	{"demo", "the demo's walk", demo},
}

// check is what the steps share.
type check struct {
	root, e2e string // folders of the two modules
	tmp       string
	ci        bool
	fuzztime  time.Duration
	// pluginTests are the tests of the plugin that ran compiled.
	pluginTests []string
}

func main() {
	fuzztime := flag.Duration("fuzztime", 10*time.Second, "how long each fuzz test runs")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx, flag.Args(), *fuzztime)
	if err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// run runs the named steps, or all, and reports whether all is well.
func run(ctx context.Context, names []string, fuzztime time.Duration) (bool, error) {
	chosen := steps
	if len(names) > 0 {
		chosen = nil
		for _, name := range names {
			i := slices.IndexFunc(steps, func(s step) bool { return s.name == name })
			if i < 0 {
				return false, fmt.Errorf("no step %q", name)
			}
			chosen = append(chosen, steps[i])
		}
	}
	root, err := layout.Checkout()
	if err != nil {
		return false, err
	}
	tmp, err := os.MkdirTemp("", "traefik-authproxy-check-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(tmp)
	c := &check{root: root, e2e: filepath.Join(root, "e2e"), tmp: tmp, ci: os.Getenv("CI") == "true", fuzztime: fuzztime}

	begin := time.Now()
	var passed, failed int
	var notes, broken []string
	for _, s := range chosen {
		fmt.Printf("\n== %s: %s\n", s.name, s.what)
		start := time.Now()
		r, err := s.run(ctx, c)
		if ctx.Err() != nil {
			return false, errors.New("interrupted")
		}
		if c.ci && err == nil && len(r.skipped) > 0 {
			err = errors.New("tests did not run, and CI=true")
		}
		for _, skipped := range r.skipped {
			fmt.Printf("   did not run: %s\n", skipped)
		}
		if r.passed+r.failed == 0 || err != nil && r.failed == 0 {
			if err == nil {
				r.passed++
			} else {
				r.failed++
			}
		}
		passed += r.passed
		failed += r.failed
		took := time.Since(start).Round(100 * time.Millisecond)
		if err != nil {
			broken = append(broken, s.name)
			fmt.Printf("%s\n   FAILED after %s: %v\n", indent(r.output), took, err)
			continue
		}
		note := s.name
		if r.note != "" {
			note += " (" + r.note + ")"
		}
		notes = append(notes, note)
		fmt.Printf("   ok, %s%s\n", took, after(", ", r.note))
	}
	if len(notes) == 0 {
		notes = []string{"nothing passed"}
	}
	fmt.Printf("\nran in %s: %s%s\n", time.Since(begin).Round(time.Second), strings.Join(notes, ", "), after("; FAILED: ", strings.Join(broken, ", ")))
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	return failed == 0, nil
}

func after(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

func indent(s string) string {
	return "   " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n   ")
}
