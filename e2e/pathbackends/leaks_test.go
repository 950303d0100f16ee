package pathbackends

import (
	"flag"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/traefik"
)

var long = flag.Bool("long", false, "try the long corpus and a second policy, which takes many minutes")

// shown is how many leaks of one kind are printed; all are counted.
const shown = 10

// TestRealBackends tries the plugin in real Traefik in front of real backends.
func TestRealBackends(t *testing.T) {
	r := startRig(t)
	t.Run("no path gets past the policy", r.noPathGetsPast)
	t.Run("plain paths pass", r.plainPathsPass)
}

// noPathGetsPast is the promise of the readings of a path: no spelling of a
// path reaches an area of a backend without a role that the policy asks for.
//
// First each target goes through Traefik to a recorder, which tells what
// arrives. Each different arrival then goes to each backend directly, which
// tells the targets that get into a protected area there. These go through
// Traefik with the plugin to that backend, without a token and with one of a
// lower role: not one may be answered by the area.
func (r *rig) noPathGetsPast(t *testing.T) {
	begin := time.Now()
	lap := func(what string) {
		t.Logf("%s: %v", what, time.Since(begin).Round(100*time.Millisecond))
		begin = time.Now()
	}
	size := Short
	if *long {
		size = Long
	}
	targets := Corpus(size)

	arrivals, distinct := r.arrivals(t, targets)
	lap(fmt.Sprintf("%d targets through Traefik, %d different ones arrive", len(targets), len(distinct)))
	areas := make([]map[Request]Area, len(r.backends))
	r.each(func(i int, backend Backend) {
		areas[i] = directAreas(t, backend, distinct)
	})
	lap(fmt.Sprintf("%d requests to the backends directly", len(distinct)*len(r.backends)))

	rows := make([]row, len(r.backends))
	r.each(func(i int, backend Backend) {
		rows[i] = r.attack(t, backend, targets, arrivals, areas[i])
	})
	sent := 0
	for _, row := range rows {
		sent += row.sent
	}
	lap(fmt.Sprintf("%d requests to the backends through Traefik", sent))
	t.Logf("\n%s", table(rows, len(targets)))

	naive := 0
	for _, row := range rows {
		naive += row.naive
		if row.reached == 0 {
			t.Errorf("%s: no target reached a protected area of the bare backend: its answers are not understood", row.name)
		}
	}
	if naive == 0 {
		t.Error("no target got past the plain comparison of prefixes: this harness would not see a leak")
	}
}

// row is one backend's counts.
type row struct {
	name string
	// reached counts the targets that get into a protected area of the bare
	// backend, over both entry points; naive those that get there past a plain
	// comparison of prefixes without a token.
	reached, naive int
	// leaks counts those that get there past the plugin.
	leaks int
	// sent counts the requests through Traefik to this backend.
	sent int
}

// attempt is one way of trying requests on a backend behind a policy.
type attempt struct {
	policy, authorization, as string
	requests                  []Request
	// leaks counts the requests that were answered by an area that the
	// authorization does not open.
	leaks *int
}

// attack tries the targets that get into a protected area of the bare backend
// on the same backend behind the plugin, and behind the naive policy.
func (r *rig) attack(t *testing.T, backend Backend, targets []Request, arrivals map[string][]Request, areas map[Request]Area) row {
	result := row{name: backend.Name}
	for _, entryPoint := range entryPoints {
		var protected, admin []Request
		for i, target := range targets {
			switch areas[arrivals[entryPoint][i]] {
			case Admin:
				admin = append(admin, target)
				protected = append(protected, target)
			case Auditflow:
				protected = append(protected, target)
			}
		}
		result.reached += len(protected)
		attempts := []attempt{
			{"naive", "", "without a token", protected, &result.naive},
			{"open", "", "without a token", protected, &result.leaks},
			{"open", r.low, "with the lower role", admin, &result.leaks},
		}
		if *long {
			attempts = append(attempts,
				attempt{"flat", "", "without a token", protected, &result.leaks},
				attempt{"flat", r.low, "with the lower role", admin, &result.leaks})
		}
		for _, attempt := range attempts {
			responses := r.through(t, entryPoint, backend.Name, attempt.policy, attempt.authorization, attempt.requests)
			result.sent += len(responses)
			for i, response := range responses {
				request := attempt.requests[i]
				leak := response.Reached == Admin || response.Reached == Auditflow && attempt.authorization == ""
				if leak {
					*attempt.leaks++
				}
				if attempt.policy == "naive" {
					continue
				}
				switch {
				case leak && *attempt.leaks <= shown:
					t.Errorf("LEAK: %s, %s, policy %s, %s: %s %q reached %s",
						backend.Name, entryPoint, attempt.policy, attempt.as, request.Method, request.Target, response.Reached)
				case response.Status >= http.StatusInternalServerError || response.Status == 0:
					t.Errorf("%s, %s, policy %s, %s: %s %q: status %d",
						backend.Name, entryPoint, attempt.policy, attempt.as, request.Method, request.Target, response.Status)
				}
			}
		}
	}
	return result
}

// arrivals sends the targets through Traefik to the recorder, by each entry
// point, and gives what arrives there for each target: an empty target where
// Traefik refuses. The second result is all that arrives, each once.
func (r *rig) arrivals(t *testing.T, targets []Request) (map[string][]Request, []Request) {
	t.Helper()
	byEntryPoint := make(map[string][]Request)
	seen := make(map[Request]bool)
	var distinct []Request
	for _, entryPoint := range entryPoints {
		for i, response := range r.through(t, entryPoint, recorderName, "none", "", targets) {
			arrived, err := arrival(response)
			if err != nil {
				t.Fatalf("%s: %q: %v", entryPoint, targets[i].Target, err)
			}
			byEntryPoint[entryPoint] = append(byEntryPoint[entryPoint], arrived)
			if arrived.Target != "" && !seen[arrived] {
				seen[arrived] = true
				distinct = append(distinct, arrived)
			}
		}
	}
	return byEntryPoint, distinct
}

// arrival reads what the recorder says. Traefik's own answers say nothing.
func arrival(response Response) (Request, error) {
	if response.Line == "" {
		return Request{}, nil
	}
	line, err := strconv.Unquote(response.Line)
	if err != nil {
		return Request{}, fmt.Errorf("the recorder said %s: %w", response.Line, err)
	}
	method, target, ok := strings.Cut(line, " ")
	if !ok {
		return Request{}, fmt.Errorf("the recorder saw no request line in %q", line)
	}
	return Request{Method: method, Target: target}, nil
}

// directAreas sends the requests to a backend without Traefik.
func directAreas(t *testing.T, backend Backend, requests []Request) map[Request]Area {
	sent := slices.Clone(requests)
	for i := range sent {
		sent[i].Host = backend.Name + ".none"
	}
	responses, err := SendAll(backend.Addr, connections, sent)
	if err != nil {
		t.Errorf("%s: %v", backend.Name, err)
		return nil
	}
	areas := make(map[Request]Area, len(requests))
	for i, response := range responses {
		areas[requests[i]] = response.Reached
	}
	return areas
}

// each calls do for every backend, a few at a time: of several families there
// is but one process, which two requests at once make no faster.
func (r *rig) each(do func(i int, backend Backend)) {
	tokens := make(chan struct{}, connections)
	var wg sync.WaitGroup
	for i, backend := range r.backends {
		wg.Go(func() {
			tokens <- struct{}{}
			defer func() { <-tokens }()
			do(i, backend)
		})
	}
	wg.Wait()
}

func table(rows []row, targets int) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "backend\ttried\treached bare\tpast plain prefixes\tleaks\t")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t\n", r.name, targets*len(entryPoints), r.reached, r.naive, r.leaks)
	}
	_ = w.Flush()
	return text.String()
}

// TestTheFastProxyForwardsTheSame holds the other tests for both of Traefik's
// proxies: the experimental one forwards the same targets as the usual one.
// CONNECT's authority form is the exception, and no backend's path.
func TestTheFastProxyForwardsTheSame(t *testing.T) {
	recorder := startRecorder(t)
	targets := slices.DeleteFunc(Corpus(Short), func(r Request) bool { return r.Method == http.MethodConnect })
	configuration := fmt.Sprintf("http: {routers: {r: {rule: 'HostRegexp(`.`)', service: s}}, services: {s: {loadBalancer: {servers: [{url: 'http://%s'}]}}}}", recorder)
	arrived := func(static string) map[string][]Request {
		process, err := traefik.Start(t.Context(), traefik.Options{Static: static, Dynamic: configuration})
		if err != nil {
			t.Fatal(err)
		}
		defer process.Stop()
		r := rig{traefik: process}
		byEntryPoint, distinct := r.arrivals(t, targets)
		if len(distinct) < len(targets)/4 {
			t.Fatalf("only %d of %d targets arrived", len(distinct), len(targets))
		}
		return byEntryPoint
	}
	usual, fast := arrived(static), arrived(static+"experimental: {fastProxy: {}}\n")
	for _, entryPoint := range entryPoints {
		for i, target := range targets {
			if u, f := usual[entryPoint][i], fast[entryPoint][i]; u != f {
				t.Errorf("%s %q: the usual proxy forwards %q, the fast one %q", target.Method, target.Target, u.Target, f.Target)
			}
		}
	}
}
