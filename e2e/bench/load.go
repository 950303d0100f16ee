package bench

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// request is what one request of a row asks for.
type request struct {
	path string
	// authorization is the header's value, empty for none.
	authorization string
}

// headers are sent with every request beside Authorization, as a script in a
// browser would.
var headers = map[string]string{
	"Accept":          "application/json",
	"Accept-Encoding": "gzip, deflate",
	"User-Agent":      "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
}

// served is what a generator saw.
type served struct {
	requests int
	// wrong counts the answers with another status than the row expects, and
	// the requests without an answer.
	wrong int
	// detail says more about the wrong ones, where the generator does.
	detail   string
	elapsed  time.Duration
	p50, p99 time.Duration
}

// check returns an error when an answer was not what the row expects.
func (s served) check(row string, status int) error {
	if s.wrong == 0 {
		return nil
	}
	return fmt.Errorf("%s: %d of %d answers are not the %d that is expected (%s)", row, s.wrong, s.requests, status, s.detail)
}

// generator puts load on a server: requests taken in turn, over connections
// that are kept, as fast as they are answered.
type generator interface {
	run(ctx context.Context, base string, requests []request, status int, d time.Duration) (served, error)
	// name tells the generator and its version.
	name() string
}

// newGenerator returns wrk where the machine has it, as it needs the least
// processor time of its own, else vegeta.
func newGenerator(connections int) generator {
	if path, err := exec.LookPath("wrk"); err == nil {
		return &wrk{path: path, connections: connections}
	}
	return &closedLoop{connections: connections}
}

// closedLoop is vegeta with a fixed number of workers, each of which sends
// its next request when the last one is answered.
type closedLoop struct{ connections int }

func (c *closedLoop) name() string { return "vegeta " + moduleVersion("github.com/tsenart/vegeta/v12") }

func (c *closedLoop) run(ctx context.Context, base string, requests []request, status int, d time.Duration) (served, error) {
	n := uint64(c.connections)
	attacker := vegeta.NewAttacker(vegeta.Workers(n), vegeta.MaxWorkers(n), vegeta.Connections(c.connections), vegeta.HTTP2(false))
	return attack(ctx, attacker, targets(base, requests), vegeta.ConstantPacer{}, status, d)
}

// openLoop sends requests at a fixed rate (per second), whether or not the
// earlier ones have been answered, so that a slow answer shows in the
// latencies of those behind it.
func openLoop(ctx context.Context, base string, requests []request, status, rate, connections int, d time.Duration) (served, error) {
	// No more connections than that: a request waits for one, and its latency says
	// so. Else a short halt would have each late request open its own, until the
	// machine has no more ports.
	attacker := vegeta.NewAttacker(vegeta.Workers(uint64(connections)), vegeta.Connections(connections),
		vegeta.MaxConnections(connections), vegeta.HTTP2(false))
	return attack(ctx, attacker, targets(base, requests), vegeta.Rate{Freq: rate, Per: time.Second}, status, d)
}

func targets(base string, requests []request) vegeta.Targeter {
	list := make([]vegeta.Target, len(requests))
	for i, r := range requests {
		list[i] = target(base, r)
	}
	return vegeta.NewStaticTargeter(list...)
}

func target(base string, r request) vegeta.Target {
	h := http.Header{}
	for name, value := range headers {
		h.Set(name, value)
	}
	if r.authorization != "" {
		h.Set("Authorization", r.authorization)
	}
	return vegeta.Target{Method: http.MethodGet, URL: base + r.path, Header: h}
}

func attack(ctx context.Context, a *vegeta.Attacker, t vegeta.Targeter, p vegeta.Pacer, status int, d time.Duration) (served, error) {
	stop := context.AfterFunc(ctx, func() { a.Stop() })
	defer stop()
	var m vegeta.Metrics
	wrong, detail := 0, ""
	for r := range a.Attack(t, p, d, "") {
		if int(r.Code) != status {
			wrong++
			detail = fmt.Sprintf("the last one: %d %s", r.Code, r.Error)
		}
		m.Add(r)
	}
	if err := ctx.Err(); err != nil {
		return served{}, err
	}
	m.Close()
	if m.Requests == 0 {
		return served{}, fmt.Errorf("vegeta sent no request within %s", d)
	}
	return served{
		requests: int(m.Requests), wrong: wrong, detail: detail, elapsed: m.Duration + m.Wait,
		p50: m.Latencies.P50, p99: m.Latencies.P99,
	}, nil
}
