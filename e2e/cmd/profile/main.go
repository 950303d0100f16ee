// Command profile takes CPU profiles of Traefik with and without the plugin
// under the same load, and says where the time of a request goes.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/bench"
	"github.com/labs64/traefik-authproxy/e2e/bench/frames"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "profile:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	duration := flag.Duration("duration", 15*time.Second, "how long each profile is taken")
	rows := flag.String("rows", "bare,empty,warm", "rows of the benchmark to profile, separated by commas")
	dir := flag.String("dir", "", "`folder` for the profiles and the text, none if empty")
	connections := flag.Int("connections", 16, "requests under way at once")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	profiles, err := bench.Profile(ctx, strings.Split(*rows, ","), *duration, *connections)
	if err != nil {
		return err
	}
	var text strings.Builder
	if err := write(&text, profiles); err != nil {
		return err
	}
	if *dir != "" {
		if err := save(*dir, text.String(), profiles); err != nil {
			return err
		}
	}
	_, err = os.Stdout.WriteString(text.String())
	return err
}

// write tells µs per request by class, a column for each profile.
func write(out io.Writer, profiles []bench.Profiled) error {
	columns := make([]map[string]float64, len(profiles))
	most := map[string]float64{}
	for i, p := range profiles {
		columns[i] = map[string]float64{}
		for class, d := range frames.Where(p.Profile) {
			micros := float64(d.Microseconds()) / float64(p.Requests)
			columns[i][class] = micros
			most[class] = max(most[class], micros)
			columns[i]["total"] += micros
		}
	}
	classes := slices.SortedFunc(maps.Keys(most), func(a, b string) int { return cmp.Compare(most[b], most[a]) })
	fmt.Fprintf(out, "CPU time of the Traefik process by what it was doing, µs per request\n\n")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, p := range profiles {
		fmt.Fprintf(w, "%s\t", p.Name)
	}
	fmt.Fprintln(w, "  ")
	for _, class := range append([]string{"total"}, classes...) {
		if class != "total" && most[class] < 0.05 {
			continue // less than the sampling can tell
		}
		for i := range profiles {
			fmt.Fprintf(w, "%.1f\t", columns[i][class])
		}
		fmt.Fprintf(w, "  %s\n", class)
	}
	return w.Flush()
}

func save(dir, text string, profiles []bench.Profiled) error {
	for _, p := range profiles {
		frames.Rename(p.Profile)
		file := filepath.Join(dir, "cpu-"+strings.ReplaceAll(p.Name, " ", "-")+".pb.gz")
		var b strings.Builder
		if err := p.Profile.Write(&b); err != nil {
			return err
		}
		if err := bench.WriteFile(file, []byte(b.String())); err != nil {
			return err
		}
	}
	return bench.WriteFile(filepath.Join(dir, "where.txt"), []byte(text))
}
