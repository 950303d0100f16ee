// Command verdict runs the verdict table and prints each row that is wrong,
// and how many there are. Without arguments it runs in the Traefik that the
// tests use, with versions as arguments in each of them, building those that
// are not cached:
//
//	go run ./cmd/verdict
//	go run ./cmd/verdict v3.6.12 v3.6.0 v3.5.3 v3.4.1 v3.3.5
//	go run ./cmd/verdict -o FILE
//
// With -o it writes the counts as Markdown tables into the file. It exits
// with 1 when a row is wrong, or a version does not run.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/layout"
	"github.com/labs64/traefik-authproxy/e2e/traefik"
	"github.com/labs64/traefik-authproxy/e2e/verdict"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	file := flag.String("o", "", "write the counts as Markdown into `FILE`")
	flag.Parse()
	versions := flag.Args()
	if len(versions) == 0 {
		versions = []string{""}
	}
	failed := false
	var lines, tables []string
	for _, version := range versions {
		start := time.Now()
		tally, err := run(ctx, version)
		if err != nil {
			fmt.Fprintf(os.Stderr, "verdict: %s: %v\n", version, err)
			lines = append(lines, version+": did not run")
			failed = true
			continue
		}
		failed = failed || tally.Wrong() > 0
		lines = append(lines, fmt.Sprintf("%s, %s", tally, time.Since(start).Round(time.Second)))
		tables = append(tables, tally.Markdown())
	}
	if *file != "" {
		if err := os.WriteFile(*file, []byte(strings.Join(tables, "\n")), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "verdict:", err)
			failed = true
		}
	}
	for _, line := range lines {
		fmt.Println("verdict table:", line)
	}
	if failed {
		os.Exit(1)
	}
}

// run runs the table in one version of Traefik; empty is the tests' own.
func run(ctx context.Context, version string) (tally verdict.Tally, err error) {
	checkout, err := layout.Checkout()
	if err != nil {
		return tally, err
	}
	bin, err := traefik.Find(ctx, version, os.Stderr)
	if err != nil {
		return tally, err
	}
	site, err := verdict.Open(ctx, checkout, traefik.Options{Binary: bin})
	if err != nil {
		return tally, err
	}
	defer func() {
		if closeErr := site.Close(); err == nil {
			err = closeErr
		}
	}()
	if len(site.Refused) > 0 {
		return tally, fmt.Errorf("configurations of the table are refused:\n%s", strings.Join(site.Refused, "\n"))
	}
	fault := func(part, phrase string, details []string) {
		fmt.Fprintf(os.Stderr, "%s: %s\n    %s\n", part, phrase, strings.Join(details, "\n    "))
	}
	tally.Version = site.TraefikVersion
	for _, theme := range verdict.Table() {
		tally.Parts = append(tally.Parts, site.RunTheme(theme, fault))
	}
	tally.Parts = append(tally.Parts, site.RunMistakes(ctx, fault))
	return tally, ctx.Err()
}
