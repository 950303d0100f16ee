// Command bench measures what the plugin costs inside real Traefik, prints
// the tables, and writes them as JSON and as a chart.
//
// The load comes from wrk where the machine has it, as that needs the least
// processor time of its own, else from vegeta. The machine should have
// nothing else to do; the report says how much other processes took.
//
// Other middlewares are measured beside the plugin when -peers names a file
// such as
//
//   - name: other
//     text: another plugin
//     module: example.com/other        # both left out for Traefik's own
//     folder: ../other                 # with .traefik.yml and vendor
//     middleware: 'plugin: {"{{.Plugin}}": {issuer: "{{.Issuer}}", roles: ["{{.Role}}"]}}'
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/bench"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	rounds := flag.Int("rounds", 5, "how often each row is measured; at least 3 for a number to quote")
	duration := flag.Duration("duration", 3*time.Second, "how long each time")
	rows := flag.String("rows", "", "regular `expression` for the rows to measure, p99, reload and flood among them; empty for all")
	connections := flag.Int("connections", 16, "requests under way at once")
	peers := flag.String("peers", "", "YAML `file` of other middlewares to measure")
	jsonFile := flag.String("json", "", "`file` to write the report to")
	svgFile := flag.String("svg", "", "`file` to draw the chart to")
	quiet := flag.Bool("quiet", false, "no progress lines")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	if *rounds < 1 || *connections < 1 {
		return errors.New("want at least one round and one connection")
	}
	expr, err := regexp.Compile(*rows)
	if err != nil {
		return err
	}
	o := bench.Options{Rounds: *rounds, Duration: *duration, Rows: expr, Connections: *connections}
	if !*quiet {
		o.Progress = os.Stderr
	}
	if *peers != "" {
		if o.Peers, err = bench.ReadPeers(*peers); err != nil {
			return err
		}
	}
	report, err := bench.Run(ctx, o)
	if err != nil {
		return err
	}
	if *jsonFile != "" {
		if err := bench.WriteJSON(*jsonFile, report); err != nil {
			return err
		}
	}
	if *svgFile != "" {
		if err := bench.WriteFile(*svgFile, report.Chart()); err != nil {
			return err
		}
	}
	return report.Print(os.Stdout)
}
