package bench

import (
	"context"
	"os"
	"regexp"
	"testing"
	"time"
)

// TestRun: a short run in real Traefik. It says nothing about times; it shows
// that every way of a request still answers as its row expects, and that the
// measurement measures.
func TestRun(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	report, err := Run(ctx, Options{
		Rounds: 1, Duration: time.Second, Connections: 4, Progress: os.Stderr,
		Rows: regexp.MustCompile(`^(empty|warm|public|cold|least|no token|role|signature|expired|garbage|forwardauth)$`),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Rows) != 12 || report.Rows[0].Name != rowBare {
		t.Fatalf("%d rows, the first is %q: want bare and the eleven asked for", len(report.Rows), report.Rows[0].Name)
	}
	for _, r := range report.Rows {
		if len(r.Samples) == 0 {
			t.Errorf("%s: no sample", r.Name)
		}
		for _, s := range r.Samples {
			if s.CPU <= 0 || s.Bare <= 0 || s.PerSecond <= 0 || s.P99 < s.P50 || s.RSS <= 0 {
				t.Errorf("%s: got %+v", r.Name, s)
			}
		}
	}
	if v := report.Versions; v.Plugin == "" || v.Traefik == "" || v.Go == "" || v.Cores == 0 {
		t.Errorf("versions: got %+v", v)
	}
}

// TestWrongAnswerIsNoMeasurement: a row whose requests are answered otherwise
// than it says ends the run.
func TestWrongAnswerIsNoMeasurement(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	s, err := newSite(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	p, err := s.start(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	}()
	r := &runner{site: s, plain: p, generator: &closedLoop{connections: 1}}
	wrong := row{name: "wrong", entry: "auth", status: 200, requests: []request{{guarded, ""}}}
	if err := r.check(ctx, []row{wrong}); err == nil {
		t.Error("check: a refusal passes for an answer of 200")
	}
	if _, err := r.sample(ctx, wrong, time.Second); err == nil {
		t.Error("sample: refusals pass for answers of 200")
	}
}
