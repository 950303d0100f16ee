package keycloak

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"
)

// TestOutage ends Keycloak under a load of good tokens, reloads Traefik
// meanwhile, and starts Keycloak again: no good request fails.
func TestOutage(t *testing.T) {
	need(t)
	config := with(sample(), shortTimes(), map[string]any{"decisionLog": "denied"})
	g := newGuard(t, config)

	const unseen = 60
	var tokens []string
	for range unseen {
		token := must(site.realm.Token(t.Context(), ClientCredentials("labs64-batch", "batch-example-secret")))(t).Access
		tokens = append(tokens, token)
	}
	const kind = "good tokens while Keycloak ends and starts again"
	known := tokens[0]
	g.expect(t, kind, known, auditPath, 200)

	load := newLoad(g, kind, tokens)
	time.Sleep(time.Second)
	done(t, site.keycloak.Stop())
	time.Sleep(2 * refresh) // the keys grow too old to be fresh, and fetches fail

	// Traefik builds every router anew at a reload, and one more that has never
	// seen a key.
	late := newGuard(t, with(config, map[string]any{"jwksTimeout": "1s"}))
	for range 3 {
		reload(t)
		time.Sleep(300 * time.Millisecond)
	}
	const cold = "good token at a guard that has never had keys"
	late.answers(t, cold+", Keycloak is down", known, auditPath, http.StatusServiceUnavailable)
	late.answers(t, "no token, public path, Keycloak is down", "", publicPath, http.StatusOK)

	begin := time.Now()
	done(t, site.keycloak.Start(t.Context()))
	back := time.Since(begin)
	recovered := late.until(t, cold+", Keycloak is back", known, auditPath, http.StatusOK, settled, nil)
	fresh := must(site.realm.Token(t.Context(), ClientCredentials("labs64-batch", "batch-example-secret")))(t).Access
	g.answers(t, "token of the Keycloak that came back", fresh, auditPath, http.StatusOK)
	time.Sleep(refresh)

	asked, failures := load.stop()
	t.Logf("%d requests with %d tokens, %d failed; Keycloak was back after %s, the guard without keys %s later",
		asked, len(tokens), len(failures), back.Round(100*time.Millisecond), recovered)
	for _, f := range failures[:min(5, len(failures))] {
		t.Error(f)
	}
	if asked < unseen {
		t.Errorf("%d requests are no load", asked)
	}
}

// load shows good tokens to a guard without a pause: one that the plugin knows,
// and from time to time one that it has never seen.
type load struct {
	end      chan struct{}
	workers  sync.WaitGroup
	mu       sync.Mutex
	asked    int
	failures []string
}

// each is how far apart a worker's requests are. It leaves the processors to
// the Keycloak that starts beside it.
const each = 10 * time.Millisecond

func newLoad(g *guard, kind string, tokens []string) *load {
	l := &load{end: make(chan struct{})}
	const workers = 3
	for w := range workers {
		l.workers.Add(1)
		go func() {
			defer l.workers.Done()
			next := w + 1
			for i := 0; ; i++ {
				select {
				case <-l.end:
					return
				case <-time.After(each):
				}
				token := tokens[0]
				if i%50 == 49 && next < len(tokens) {
					token = tokens[next]
					next += workers
				}
				got, err := g.ask(auditPath, token)
				site.tried.add(kind, token, got.status)
				l.mu.Lock()
				l.asked++
				if err != nil || got.status != http.StatusOK {
					l.failures = append(l.failures, fmt.Sprintf("a good token at %s: status %d, %v", time.Now().Format(time.TimeOnly), got.status, err))
				}
				l.mu.Unlock()
			}
		}()
	}
	return l
}

func (l *load) stop() (asked int, failures []string) {
	close(l.end)
	l.workers.Wait()
	return l.asked, l.failures
}
