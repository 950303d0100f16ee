package bench

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// TestGenerators: what a generator says it sent is what arrived, in turn, and
// an answer with another status than the row's is counted as wrong.
func TestGenerators(t *testing.T) {
	generators := []generator{&closedLoop{connections: 2}}
	if path, err := exec.LookPath("wrk"); err == nil {
		generators = append(generators, &wrk{path: path, connections: 2})
	} else {
		t.Log("this machine has no wrk: vegeta alone is tested")
	}
	for _, g := range generators {
		t.Run(g.name(), func(t *testing.T) {
			var mu sync.Mutex
			seen := map[string]int{}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				seen[r.URL.Path+" "+r.Header.Get("Authorization")]++
				mu.Unlock()
				if r.Header.Get("Accept") != headers["Accept"] {
					w.WriteHeader(http.StatusNotAcceptable)
				}
				if r.URL.Path == "/no" {
					w.WriteHeader(http.StatusForbidden)
				}
			}))
			defer server.Close()
			run := func(status int, requests ...request) served {
				t.Helper()
				s, err := g.run(context.Background(), server.URL, requests, status, time.Second)
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
			s := run(200, request{"/a", "Bearer a"}, request{"/b", ""})
			mu.Lock()
			a, b := seen["/a Bearer a"], seen["/b "]
			mu.Unlock()
			if s.wrong != 0 || s.requests == 0 || s.p50 <= 0 || s.p99 < s.p50 || s.elapsed <= 0 {
				t.Errorf("got %+v", s)
			}
			if a == 0 || max(a-b, b-a) > 4 {
				t.Errorf("%d requests of one kind and %d of the other: want them in turn", a, b)
			}
			if got := a + b; got < s.requests || got > s.requests+8 {
				t.Errorf("%d requests arrived, the generator counts %d", got, s.requests)
			}
			if s := run(403, request{"/no", ""}); s.wrong != 0 {
				t.Errorf("refusals where they are expected: %d of %d are wrong", s.wrong, s.requests)
			}
			if s := run(200, request{"/no", ""}); s.wrong != s.requests {
				t.Errorf("refusals where a pass is expected: %d of %d are wrong, want all", s.wrong, s.requests)
			}
			if s := run(401, request{"/a", ""}); s.wrong != s.requests {
				t.Errorf("passes where a refusal is expected: %d of %d are wrong, want all", s.wrong, s.requests)
			}
		})
	}
}

func TestParseWrk(t *testing.T) {
	s, err := parseWrk("Running 1s test\nserved 1200 3 1000000 1500 4200\n")
	if err != nil {
		t.Fatal(err)
	}
	want := served{requests: 1200, wrong: 3, elapsed: time.Second, p50: 1500 * time.Microsecond, p99: 4200 * time.Microsecond}
	if s != want {
		t.Errorf("got %+v, want %+v", s, want)
	}
	for _, out := range []string{"", "served\n", "served 0 0 1 1 1\n", "served a b c d e\n"} {
		if _, err := parseWrk(out); err == nil {
			t.Errorf("%q: no error", out)
		}
	}
}
