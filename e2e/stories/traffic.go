package stories

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// Order says what Traffic sends.
type Order struct {
	// Address and Host are where: the gateway's address and the route's host.
	Address, Host string
	// Path is asked for with GET.
	Path string
	// Token gives the token of the nth request, counted from 0. It is called by
	// several goroutines.
	Token func(n int) string
	// Rate is how many requests are sent each second, whether or not the earlier
	// ones have been answered.
	Rate int
	// Connections is how many requests are under way at most; 0 is 50. When so
	// many wait, the rate falls.
	Connections int
	// Number is how many requests are sent in all; 0 is until Stop.
	Number int
}

// Outcome is what became of an order's requests.
type Outcome struct {
	// Requests is how many were sent.
	Requests int
	// Statuses counts the answers by status; 0 stands for no answer.
	Statuses map[int]int
	// P50 and P99 are the latencies' median and 99th percentile.
	P50, P99 time.Duration
	// Complaints are some of the answers that were not 200, for a person who
	// looks at a fault.
	Complaints []string
}

// Failures is how many answers were not of the status.
func (o Outcome) Failures(status int) int { return o.Requests - o.Statuses[status] }

// String is the outcome on one line.
func (o Outcome) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d requests", o.Requests)
	for _, status := range slices.Sorted(maps.Keys(o.Statuses)) {
		fmt.Fprintf(&b, ", %d of status %d", o.Statuses[status], status)
	}
	if len(o.Complaints) > 0 {
		fmt.Fprintf(&b, "; such as %q", o.Complaints)
	}
	return b.String()
}

// Traffic is requests at a constant rate.
type Traffic struct {
	attacker *vegeta.Attacker
	client   *http.Client
	sent     atomic.Int64
	done     chan Outcome
}

// StartTraffic begins to send.
func StartTraffic(o Order) *Traffic {
	connections := o.Connections
	if connections == 0 {
		connections = 50
	}
	t := &Traffic{
		done: make(chan Outcome, 1),
		client: &http.Client{
			Timeout:   2 * time.Minute,
			Transport: &http.Transport{MaxIdleConnsPerHost: connections},
		},
	}
	t.attacker = vegeta.NewAttacker(vegeta.Client(t.client), vegeta.Workers(10), vegeta.MaxWorkers(uint64(connections)))
	targets := func(target *vegeta.Target) error {
		n := int(t.sent.Add(1)) - 1
		if o.Number > 0 && n >= o.Number {
			t.sent.Add(-1)
			return vegeta.ErrNoTargets
		}
		*target = vegeta.Target{
			Method: http.MethodGet,
			URL:    "http://" + o.Address + o.Path,
			Header: http.Header{"Host": {o.Host}, "Authorization": {"Bearer " + o.Token(n)}},
		}
		return nil
	}
	results := t.attacker.Attack(targets, vegeta.Rate{Freq: o.Rate, Per: time.Second}, 0, "")
	go func() {
		out := outcome(results)
		t.client.CloseIdleConnections()
		t.done <- out
	}()
	return t
}

// outcome gathers the results until there are no more.
func outcome(results <-chan *vegeta.Result) Outcome {
	out := Outcome{Statuses: map[int]int{}}
	var m vegeta.Metrics
	for r := range results {
		if r.Error == vegeta.ErrNoTargets.Error() {
			continue
		}
		m.Add(r)
		out.Requests++
		out.Statuses[int(r.Code)]++
		if r.Code != http.StatusOK && len(out.Complaints) < 3 {
			out.Complaints = append(out.Complaints, fmt.Sprintf("%d %s %.80s", r.Code, r.Error, r.Body))
		}
	}
	m.Close()
	out.P50, out.P99 = m.Latencies.P50, m.Latencies.P99
	return out
}

// Sent is how many requests were begun so far.
func (t *Traffic) Sent() int { return int(t.sent.Load()) }

// Wait waits for the end of an order of a limited number.
func (t *Traffic) Wait() Outcome { return <-t.done }

// Stop sends no further request, waits for the answers that are due, and says
// what became of all. It may be called once, and not after Wait.
func (t *Traffic) Stop() Outcome {
	t.attacker.Stop()
	return t.Wait()
}

// UnknownKids returns what gives tokens, for an Order, that say they are the
// realm's, each with a kid that nobody has. The signature is of no key, as it
// is never looked at.
func UnknownKids(realm *issuer.Realm) func(n int) string {
	_, rest, _ := strings.Cut(realm.Access("bob").String(), ".")
	return func(n int) string {
		header := fmt.Sprintf(`{"alg":"RS256","typ":"JWT","kid":"unknown-%d"}`, n)
		return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + rest
	}
}
