package kubernetes

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
	"github.com/labs64/traefik-authproxy/e2e/stories"
)

// traffic sends good requests to each replica, 50 a second: every other one
// with a token that nobody has seen, and the others with one that is known.
func (r *route) traffic(realm *issuer.Realm, path string) []*stories.Traffic {
	known := realm.Access("bob").String()
	var all []*stories.Traffic
	for _, p := range site.replicas {
		all = append(all, stories.StartTraffic(stories.Order{
			Address: p.Addr("web"), Host: r.host, Path: path, Rate: 50,
			Token: func(n int) string {
				if n%2 == 0 {
					return known
				}
				return realm.Access("bob").String()
			},
		}))
	}
	return all
}

// changeEndpoints moves the echo service from one pod to another, so many
// times, and waits after each until both replicas have taken it.
func changeEndpoints(t *testing.T, times int, after func(n int)) {
	t.Helper()
	for n := 1; n <= times; n++ {
		before := reloadsOfAll(t)
		if err := applyEndpoint(t.Context(), site.services[n%2]); err != nil {
			t.Fatal(err)
		}
		until(t, fmt.Sprintf("change %d is taken", n), func() bool {
			now := reloadsOfAll(t)
			return now[0] > before[0] && now[1] > before[1]
		})
		if after != nil {
			after(n)
		}
	}
}

// TestEndpointChangesUnderLoad: 100 changes of endpoints, each of which builds
// all routers anew, with the issuer down for most of them: no request fails.
func TestEndpointChangesUnderLoad(t *testing.T) {
	const changes, down, up = 100, 20, 80
	realm := site.issuer.Realm("labs64io")
	r := newRoute(t, "reload", func(r *route) {
		// So that the outage is noticed while it lasts.
		r.config()["jwksRefresh"] = "1s"
		r.config()["jwksMinRefresh"] = "500ms"
	})
	const path = "/api/v1/auditflow"
	r.eventually(t, "the keys are there", path, realm.Access("bob").String(), http.StatusOK)
	for _, s := range site.services {
		s.Reset()
	}
	first, begin := reloadsOfAll(t), time.Now()
	traffic := r.traffic(realm, path)
	var downAt, upAt time.Time
	changeEndpoints(t, changes, func(n int) {
		switch n {
		case down:
			site.issuer.Down()
			downAt = time.Now()
		case up:
			r.noticed(t)
			if err := site.issuer.Up(); err != nil {
				t.Fatal(err)
			}
			upAt = time.Now()
		}
	})
	took, last := time.Since(begin), reloadsOfAll(t)
	for i, tr := range traffic {
		out := tr.Stop()
		if out.Failures(http.StatusOK) > 0 || out.Requests == 0 {
			t.Errorf("replica %d: %s", i, out)
		}
		if n := last[i] - first[i]; n < changes {
			t.Errorf("replica %d took %d configurations, want %d at least", i, n, changes)
		}
		site.good += out.Requests
		site.failed += out.Failures(http.StatusOK)
		fmt.Printf("replica %d: %d changes of endpoints in %s, %d configurations taken, issuer down for %s of it: %d good requests, %d failed; p50 %s, p99 %s\n",
			i, changes, took.Round(100*time.Millisecond), last[i]-first[i], upAt.Sub(downAt).Round(100*time.Millisecond), out.Requests, out.Failures(http.StatusOK),
			out.P50.Round(100*time.Microsecond), out.P99.Round(100*time.Microsecond))
	}
	for i, s := range site.services {
		if s.Count() == 0 {
			t.Errorf("endpoint %d was never used", i)
		}
	}
}

// noticed waits until both replicas have found the issuer away.
func (r *route) noticed(t *testing.T) {
	t.Helper()
	for _, p := range site.replicas {
		until(t, "the outage is noticed", func() bool {
			out, err := p.Stdout()
			return err == nil && strings.Contains(out, "fetch of keys failed; the last good keys stay")
		})
	}
}

// TestWhatTheIssuerIsAsked counts what two replicas ask a realm that nobody
// asked before, with the manifests' settings.
func TestWhatTheIssuerIsAsked(t *testing.T) {
	realm := site.issuer.Realm("counted")
	const path = "/api/v1/auditflow"
	asked := func() [2]int { return [2]int{realm.Count(issuer.Discovery), realm.Count(issuer.Certs)} }
	begin := time.Now()
	r := newRoute(t, "counted", func(r *route) {
		for _, key := range []string{"issuer", "discoveryUrl"} {
			r.config()[key] = strings.Replace(r.config().text(key), "/realms/labs64io", "/realms/counted", 1)
		}
	})
	r.eventually(t, "the keys are there", path, realm.Access("bob").String(), http.StatusOK)
	start := asked()

	traffic := r.traffic(realm, path)
	changeEndpoints(t, 20, nil)
	requests := 0
	for i, tr := range traffic {
		out := tr.Stop()
		requests += out.Requests
		if out.Failures(http.StatusOK) > 0 {
			t.Errorf("replica %d: %s", i, out)
		}
	}
	steady := asked()

	realm.Rotate()
	r.eventually(t, "the next key", path, realm.Access("bob").String(), http.StatusOK)
	rotated := asked()

	const unknown = 500
	kids := stories.UnknownKids(realm)
	flood := time.Now()
	for n := range unknown {
		for i, p := range site.replicas {
			if got := r.ask(t, p, path, kids(n)); got.status != http.StatusUnauthorized {
				t.Fatalf("replica %d, an unknown kid: status %d, want 401", i, got.status)
			}
		}
	}
	flooded, took := asked(), time.Since(flood)

	site.asked = fmt.Sprintf("%d and %d at the start, %d and %d after a rotation", start[0], start[1], rotated[0]-steady[0], rotated[1]-steady[1])
	fmt.Printf("two replicas ask the issuer for the discovery document and the keys: %d and %d times at the start, "+
		"%d and %d during 20 changes of endpoints and %d requests, %d and %d after a rotation, %d and %d for %d unknown kids in %s\n",
		start[0], start[1], steady[0]-start[0], steady[1]-start[1], requests,
		rotated[0]-steady[0], rotated[1]-steady[1], flooded[0]-rotated[0], flooded[1]-rotated[1], 2*unknown, took.Round(100*time.Millisecond))
	if start != [2]int{2, 2} {
		t.Errorf("at the start: asked %v times, want each replica to ask once for each", start)
	}
	// jwksRefresh is five minutes, less a tenth at most.
	periods := int(time.Since(begin) / (270 * time.Second))
	if more := steady[1] - start[1]; more > 2*periods {
		t.Errorf("during changes of endpoints: asked %d times for the keys", more)
	}
	if more := rotated[1] - steady[1]; more < 2 || more > 2+2*periods {
		t.Errorf("after a rotation: asked %d times for the keys, want once by each replica", more)
	}
	// jwksMinRefresh is ten seconds.
	if more, most := flooded[1]-rotated[1], 2*(1+int(took/(10*time.Second))+periods); more > most {
		t.Errorf("for unknown kids: asked %d times for the keys, want %d at most", more, most)
	}
	if flooded[0] != start[0] {
		t.Errorf("asked %d times for the discovery document, want %d", flooded[0], start[0])
	}
}
