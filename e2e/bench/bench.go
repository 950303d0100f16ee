package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/traefik"
)

// Options say what to measure.
type Options struct {
	// Rounds is how often each row is measured.
	Rounds int
	// Duration is how long each time; wrk counts in whole seconds.
	Duration time.Duration
	// Rows chooses by name. The bare row is always measured.
	Rows *regexp.Regexp
	// Peers are further rows.
	Peers []Peer
	// Connections is how many requests are under way at once.
	Connections int
	// Progress takes a line about each step; nil for none.
	Progress io.Writer
}

// Sample is one row measured once.
type Sample struct {
	// CPU is the processor time of the Traefik process per request, in µs.
	CPU float64 `json:"cpuMicros"`
	// Bare is that of the rows that it is set against, measured just before and
	// just after: their mean.
	Bare float64 `json:"bareMicros"`
	// BarePerSecond are their requests per second.
	BarePerSecond float64 `json:"barePerSecond"`
	PerSecond     float64 `json:"perSecond"`
	P50           float64 `json:"p50Micros"`
	P99           float64 `json:"p99Micros"`
	// RSS is the process's resident memory afterwards, in MiB.
	RSS float64 `json:"rssMiB"`
}

// Row is what was measured of one row.
type Row struct {
	Name    string   `json:"name"`
	Text    string   `json:"text"`
	Against string   `json:"against"`
	Samples []Sample `json:"samples"`
}

// runner is a run under way.
type runner struct {
	Options
	site      *site
	generator generator
	plain     *traefik.Process // the gates and nothing else
	crowded   *traefik.Process // with a crowd of routers beside; nil when no row wants it
	others    others
}

// Run measures. It reports an answer that a row does not expect as an error:
// a refusal that passes, or a pass that is refused, is no measurement.
func Run(ctx context.Context, o Options) (*Report, error) {
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	s, err := newSite(o.Peers)
	if err != nil {
		return nil, err
	}
	r := &runner{Options: o, site: s, generator: newGenerator(o.Connections)}
	report, err := r.run(ctx)
	return report, errors.Join(err, r.stop(), s.close())
}

func (r *runner) run(ctx context.Context) (*Report, error) {
	binary, err := traefik.Find(ctx, "", os.Stderr)
	if err != nil {
		return nil, err
	}
	report := &Report{Started: time.Now().UTC().Truncate(time.Second), Rounds: r.Rounds, Duration: r.Duration.String(), Connections: r.Connections}
	if report.Versions, err = versions(ctx, binary, r.generator); err != nil {
		return nil, err
	}
	chosen := r.choose()
	if err := r.startFor(ctx, chosen); err != nil {
		return nil, err
	}
	if err := r.check(ctx, chosen); err != nil {
		return nil, err
	}
	if r.others, err = watchOthers(r.processes()); err != nil {
		return nil, err
	}
	if report.Rows, err = r.measure(ctx, chosen); err != nil {
		return nil, err
	}
	if r.wants(nameLatency) {
		if report.Latency, err = r.latencies(ctx, chosen); err != nil {
			return nil, err
		}
	}
	if r.wants(nameReload) {
		if report.Reload, err = r.reloads(ctx); err != nil {
			return nil, err
		}
	}
	if report.Others, err = r.others.share(); err != nil {
		return nil, err
	}
	if r.wants(nameFlood) {
		if report.Flood, err = r.flood(ctx); err != nil {
			return nil, err
		}
	}
	return report, nil
}

func (r *runner) wants(name string) bool { return r.Rows == nil || r.Rows.MatchString(name) }

// choose returns the rows to measure, the bare one first.
func (r *runner) choose() []row {
	var chosen []row
	var warm row
	for _, candidate := range rows(r.site.issuer.Default()) {
		if candidate.name == rowWarm {
			warm = candidate
		}
		if candidate.name == rowBare || r.wants(candidate.name) {
			chosen = append(chosen, candidate)
		}
	}
	for _, p := range r.Peers {
		if r.wants(p.Name) {
			chosen = append(chosen, p.row(warm))
		}
	}
	return chosen
}

// startFor starts the Traefik processes that the rows need.
func (r *runner) startFor(ctx context.Context, chosen []row) error {
	var err error
	r.say("starting traefik")
	if r.plain, err = r.site.start(ctx, 0); err != nil {
		return err
	}
	crowded := r.wants(nameReload)
	for _, c := range chosen {
		crowded = crowded || c.crowded
	}
	if crowded {
		r.say("starting traefik with %d routers", manyRouters)
		r.crowded, err = r.site.start(ctx, manyRouters)
	}
	return err
}

func (r *runner) processes() []*traefik.Process {
	if r.crowded == nil {
		return []*traefik.Process{r.plain}
	}
	return []*traefik.Process{r.plain, r.crowded}
}

func (r *runner) stop() error {
	var errs []error
	for _, p := range []*traefik.Process{r.plain, r.crowded} {
		if p != nil {
			errs = append(errs, p.Stop())
		}
	}
	return errors.Join(errs...)
}

func (r *runner) process(c row) *traefik.Process {
	if c.crowded {
		return r.crowded
	}
	return r.plain
}

func (r *runner) base(c row) string { return "http://" + r.process(c).Addr(c.entry) }

// check asks each row's requests once (of many, the first and the last) and
// wants the row's very status.
func (r *runner) check(ctx context.Context, chosen []row) error {
	for _, c := range chosen {
		for _, req := range []request{c.requests[0], c.requests[len(c.requests)-1]} {
			status, err := ask(ctx, r.base(c), req)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if status != c.status {
				return fmt.Errorf("%s: answered %d %s, want %d", c.name, status, http.StatusText(status), c.status)
			}
		}
	}
	return nil
}

func (r *runner) say(format string, args ...any) {
	fmt.Fprintf(r.Progress, format+"\n", args...)
}

// WriteJSON writes v to a file as indented JSON and makes its folder.
func WriteJSON(file string, v any) error {
	content, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return WriteFile(file, append(content, '\n'))
}

// WriteFile writes content to a file and makes its folder.
func WriteFile(file string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o644)
}
