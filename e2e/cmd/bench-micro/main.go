// Command bench-micro measures the steps of the plugin, and the operations
// they are made of, inside the interpreter.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/bench"
	"github.com/labs64/traefik-authproxy/e2e/bench/micro"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench-micro:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	rounds := flag.Int("rounds", 7, "how often each step is measured")
	slice := flag.Duration("slice", 50*time.Millisecond, "how long each time")
	match := flag.String("steps", "", "regular `expression` for the steps to measure; empty for all")
	jsonFile := flag.String("json", "", "`file` to write the results to")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	expr, err := regexp.Compile(*match)
	if err != nil {
		return err
	}
	// The plugin's decision log goes to the process's standard output; here it
	// would stand between the tables.
	out := os.Stdout
	if os.Stdout, err = os.OpenFile(os.DevNull, os.O_WRONLY, 0); err != nil {
		return err
	}
	operations, err := micro.Operations()
	if err != nil {
		return err
	}
	plugin, err := micro.Load()
	if err != nil {
		return err
	}
	defer plugin.Close()
	ways, err := plugin.Steps(ctx)
	if err != nil {
		return err
	}
	written := map[string][]micro.Result{}
	for _, group := range []struct {
		key, title string
		steps      []micro.Step
	}{
		{"ways", "the plugin's ways through ServeHTTP, interpreted", ways},
		{"operations", "operations of the interpreter", operations},
	} {
		steps := slices.DeleteFunc(group.steps, func(s micro.Step) bool { return !expr.MatchString(s.Name) })
		if len(steps) == 0 {
			continue
		}
		results, err := micro.Run(ctx, steps, *rounds, *slice)
		if err != nil {
			return err
		}
		written[group.key] = results
		fmt.Fprintf(out, "\n%s (best of %d rounds)\n", group.title, *rounds)
		if err := micro.Print(out, results); err != nil {
			return err
		}
	}
	if *jsonFile == "" {
		return nil
	}
	return bench.WriteJSON(*jsonFile, written)
}
