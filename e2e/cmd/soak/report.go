package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/stories"
)

// report is what a soak has seen.
type report struct {
	Started time.Time `json:"started"`
	Traefik string    `json:"traefik"`
	Cores   int       `json:"cores"`
	Seconds float64   `json:"seconds"`

	Rate       int      `json:"goodPerSecond"`
	Requests   int      `json:"goodRequests"`
	Failures   int      `json:"goodFailures"`
	P50        float64  `json:"p50Milliseconds"`
	P99        float64  `json:"p99Milliseconds"`
	FloodRate  int      `json:"floodPerSecond"`
	Flood      int      `json:"floodRequests"`
	Refused    int      `json:"floodRefused"` // with 401
	Complaints []string `json:"complaints,omitempty"`

	Rotations   int     `json:"rotations"`
	Outages     int     `json:"outages"`
	DownSeconds float64 `json:"downSeconds"`
	BadSeconds  float64 `json:"badSeconds"`
	Fetches     int     `json:"keyFetches"`
	Documents   int     `json:"discoveryFetches"`
	Reloads     int     `json:"reloads"`
	Routers     int     `json:"routers"`

	Before weight `json:"before"`
	After  weight `json:"after"`
}

// weight is how much Traefik holds.
type weight struct {
	Goroutines int     `json:"goroutines"`
	MiB        float64 `json:"residentMiB"`
}

// take takes in what became of the load.
func (r *report) take(good, flood stories.Outcome) {
	milliseconds := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	r.Requests, r.Failures = good.Requests, good.Failures(http.StatusOK)
	r.P50, r.P99 = milliseconds(good.P50), milliseconds(good.P99)
	r.Flood, r.Refused = flood.Requests, flood.Statuses[http.StatusUnauthorized]
	r.Complaints = good.Complaints
}

// fetchesAllowed is how often the issuer may be asked for its keys: once in
// every cooldown for the requests' sake, and once by the timer, which never
// fires sooner than a cooldown less a tenth after the last fetch.
func (r *report) fetchesAllowed() int {
	cooldowns := r.Seconds / minRefresh.Seconds()
	return 2 + int(cooldowns) + int(cooldowns/0.9)
}

// fewGoroutines is what a connection more or less takes.
const fewGoroutines = 20

// goroutinesLeft is how many there are beyond what was at first.
func (r *report) goroutinesLeft() int {
	return r.After.Goroutines - r.Before.Goroutines - fewGoroutines
}

// verdict is an error that says what was not as it must be.
func (r *report) verdict() error {
	var errs []error
	if r.Requests == 0 || r.Failures > 0 {
		errs = append(errs, fmt.Errorf("%d of %d good requests failed, such as %q", r.Failures, r.Requests, r.Complaints))
	}
	if r.Flood == 0 || r.Refused != r.Flood {
		errs = append(errs, fmt.Errorf("of %d requests with an unknown kid %d got 401", r.Flood, r.Refused))
	}
	if most := r.fetchesAllowed(); r.Fetches > most {
		errs = append(errs, fmt.Errorf("the issuer was asked %d times for its keys, want at most %d", r.Fetches, most))
	}
	if r.goroutinesLeft() > 0 {
		errs = append(errs, fmt.Errorf("goroutines of Traefik: %d, and %d at first", r.After.Goroutines, r.Before.Goroutines))
	}
	return errors.Join(errs...)
}

// row is a line of the table.
type row struct{ what, value string }

func (r *report) rows() []row {
	return []row{
		{fmt.Sprintf("good requests, %s a second; every other token is new", count(r.Rate)), count(r.Requests)},
		{"of them failed", count(r.Failures)},
		{"latency", fmt.Sprintf("p50 %.1f ms, p99 %.1f ms", r.P50, r.P99)},
		{fmt.Sprintf("requests with an unknown kid beside, %s a second", count(r.FloodRate)), fmt.Sprintf("%s, %s got 401", count(r.Flood), count(r.Refused))},
		{"changes of the issuer's key", count(r.Rotations)},
		{"times the issuer was down", fmt.Sprintf("%d, %.0f s in all; bad answers for %.0f s", r.Outages, r.DownSeconds, r.BadSeconds)},
		{fmt.Sprintf("fetches counted by the issuer (`jwksMinRefresh: %s`)", minRefresh), fmt.Sprintf("%d of keys, %d of the discovery document", r.Fetches, r.Documents)},
		{fmt.Sprintf("reloads of Traefik with %d routers", r.Routers), count(r.Reloads)},
		{"goroutines of Traefik before and after", fmt.Sprintf("%d, %d", r.Before.Goroutines, r.After.Goroutines)},
		{"its resident memory before and after", fmt.Sprintf("%.0f MiB, %.0f MiB", r.Before.MiB, r.After.MiB)},
	}
}

// title says what was soaked, and on what.
func (r *report) title() string {
	return fmt.Sprintf("%.0f s in Traefik %s, %d cores", r.Seconds, r.Traefik, r.Cores)
}

// print writes the report for people.
func (r *report) print(out io.Writer) {
	fmt.Fprintf(out, "%s\n\n", r.title())
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range r.rows() {
		fmt.Fprintf(w, "%s\t%s\n", strings.ReplaceAll(row.what, "`", ""), row.value)
	}
	_ = w.Flush() // as little to be done about it as about the line above
}

// markdown writes the report as a table of Markdown's.
func (r *report) markdown(out io.Writer) {
	fmt.Fprintf(out, "| %s | |\n|---|---|\n", r.title())
	for _, row := range r.rows() {
		fmt.Fprintf(out, "| %s | %s |\n", row.what, row.value)
	}
}

// count is a number with a comma before each three digits.
func count(n int) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
