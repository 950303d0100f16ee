package authproxy

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestDecisionFlood: of one reason only so many lines a second are written, the rest
// is counted, and other reasons are not held up.
func TestDecisionFlood(t *testing.T) {
	l := &decisionLimiter{windows: map[string]*decisionWindow{}}
	out := 0
	admitted := 0
	leftOut := 0
	// Across the change of a second some more get in, and say how many did not.
	for i := 0; i < 20*decisionsPerSecond; i++ {
		said := admit(l, "flood")
		if said < 0 {
			out++
			continue
		}
		admitted++
		leftOut += said
	}
	if admitted > 3*decisionsPerSecond || out == 0 {
		t.Errorf("%d lines written and %d left out", admitted, out)
	}
	if admit(l, "other") != 0 {
		t.Error("another reason is held up")
	}
	l.windows["flood"].second = 0
	if got := leftOut + admit(l, "flood"); got != out {
		t.Errorf("%d said to be left out, want %d", got, out)
	}
}

// TestDecisionLines reads what is written: one JSON object a line, foreign text
// escaped and clipped, and no token.
func TestDecisionLines(t *testing.T) {
	is := newTestIssuer(t)
	c := is.config()
	c.DecisionLog = "all"
	file, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = file
	h, _ := build(t, c)
	token := is.good(nil)
	send(h, "GET", "/api/v1/auditflow/1?secret=1", token)
	send(h, "GET", "/api/v1/admin/%22%0a"+strings.Repeat("x", 500), token)
	send(h, "GET", "/public", "")
	os.Stdout = stdout
	text, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), token) || strings.Contains(string(text), "secret") {
		t.Error("the log holds a token or a query")
	}
	var lines []map[string]interface{}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		fields := map[string]interface{}{}
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		lines = append(lines, fields)
	}
	want := []string{"allow granted", "deny roles", "allow public"}
	if len(lines) != len(want) {
		t.Fatalf("got %d lines, want %d: %s", len(lines), len(want), text)
	}
	for i, line := range lines {
		if got := line["outcome"].(string) + " " + line["reason"].(string); got != want[i] {
			t.Errorf("line %d: got %s, want %s", i, got, want[i])
		}
	}
	if lines[0]["sub"] != "user-1" || lines[0]["rule"] != "/api/v1/auditflow" || lines[0]["kid"] != "k1" || lines[0]["azp"] != "web" {
		t.Errorf("got %v", lines[0])
	}
	if path := lines[1]["path"].(string); len(path) > maxLogField+len("…") {
		t.Errorf("a path of %d bytes", len(path))
	}
}
