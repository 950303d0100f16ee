package bench

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is all that a run has measured.
type Report struct {
	Versions    Versions  `json:"versions"`
	Started     time.Time `json:"started"`
	Rounds      int       `json:"rounds"`
	Duration    string    `json:"duration"`
	Connections int       `json:"connections"`
	// Others is what processes foreign to the run took meanwhile, in cores.
	Others  float64   `json:"othersCores"`
	Rows    []Row     `json:"rows"`
	Latency []Latency `json:"latency,omitempty"`
	Reload  *Reload   `json:"reload,omitempty"`
	Flood   *Flood    `json:"flood,omitempty"`
}

// busyOthers is from how many cores on the work of other processes spoils a run.
const busyOthers = 0.15

// CPU is the row's processor time per request in µs, the median of its samples.
func (r Row) CPU() float64 { return medianOf(r.Samples, func(s Sample) float64 { return s.CPU }) }

// Extra is what the row costs on top of its baseline, in µs.
func (r Row) Extra() float64 {
	return medianOf(r.Samples, func(s Sample) float64 { return s.CPU - s.Bare })
}

// Ratio is the row's processor time over its baseline's.
func (r Row) Ratio() float64 {
	return medianOf(r.Samples, func(s Sample) float64 { return s.CPU / s.Bare })
}

// Spread is between which ratios the middle half of the samples lies.
func (r Row) Spread() (low, high float64) {
	ratios := make([]float64, len(r.Samples))
	for i, s := range r.Samples {
		ratios[i] = s.CPU / s.Bare
	}
	return quantile(ratios, 0.25), quantile(ratios, 0.75)
}

// Print writes the report as tables for people.
func (r *Report) Print(out io.Writer) error {
	var b strings.Builder
	v := r.Versions
	fmt.Fprintf(&b, "plugin %s, Traefik %s (%s), %d cores of %s\n", v.Plugin, v.Traefik, v.Go, v.Cores, v.CPU)
	fmt.Fprintf(&b, "%s, %d connections, %d rounds of %s; medians; other processes took %.2f cores\n\n",
		v.Generator, r.Connections, r.Rounds, r.Duration, r.Others)
	if r.Others > busyOthers {
		fmt.Fprintf(&b, "THE MACHINE WAS BUSY WITH OTHER THINGS: good for comparing rows, not for quoting, and latencies say nothing\n\n")
	}
	r.printRows(&b)
	r.printLatency(&b)
	if r.Reload != nil {
		fmt.Fprintf(&b, "\nreload of %d routers: %.2f s of CPU through the plugin, %.2f s without a middleware\n",
			r.Reload.Routers, median(r.Reload.Plugin), median(r.Reload.Bare))
	}
	if f := r.Flood; f != nil {
		fmt.Fprintf(&b, "\nmemory, %d different good tokens of %d bytes: %.0f MiB before, %.0f at half, %.0f after, %.0f once calm; %.0f MiB after as many requests without a middleware\n",
			f.Tokens, f.TokenSize, f.Before, f.Half, f.After, f.Settled, f.Bare)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (r *Report) printRows(b *strings.Builder) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "row\tCPU µs\tmore\tratio\t(middle half)\trequests/s\tof bare\tp50 ms\tp99 ms\tRSS MiB\t  ")
	for _, row := range r.Rows {
		low, high := row.Spread()
		at := func(f func(Sample) float64) float64 { return medianOf(row.Samples, f) }
		fmt.Fprintf(w, "%s\t%.1f\t%+.1f\t%.2f×\t%.2f–%.2f\t%.0f\t%.2f\t%.2f\t%.2f\t%.0f\t  %s\n",
			row.Name, row.CPU(), row.Extra(), row.Ratio(), low, high,
			at(func(s Sample) float64 { return s.PerSecond }),
			at(func(s Sample) float64 { return s.PerSecond / s.BarePerSecond }),
			at(func(s Sample) float64 { return s.P50 / 1000 }),
			at(func(s Sample) float64 { return s.P99 / 1000 }),
			at(func(s Sample) float64 { return s.RSS }),
			row.Text)
	}
	_ = w.Flush() // a strings.Builder takes everything
}

func (r *Report) printLatency(b *strings.Builder) {
	if len(r.Latency) == 0 {
		return
	}
	fmt.Fprintf(b, "\nat a fixed %d requests/s, half of what the warm row can take from vegeta:\n", r.Latency[0].Rate)
	bare := r.Latency[0]
	for _, l := range r.Latency {
		fmt.Fprintf(b, "  %-6s p50 %.2f ms, p99 %.2f ms (%.2f×)\n", l.Name, median(l.P50)/1000, median(l.P99)/1000, ratioOf(l.P99, bare.P99))
	}
}

// ratioOf is the median of the rounds' ratios.
func ratioOf(values, bases []float64) float64 {
	ratios := make([]float64, min(len(values), len(bases)))
	for i := range ratios {
		ratios[i] = values[i] / bases[i]
	}
	return median(ratios)
}
