package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/stories"
)

func TestShortSoak(t *testing.T) {
	r, err := soak(t.Context(), options{duration: 4 * time.Second, rate: 50, flood: 50, routers: 5})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.verdict(); err != nil {
		t.Error(err)
	}
	if r.Reloads == 0 || r.Fetches == 0 {
		t.Errorf("%d reloads and %d fetches, want some", r.Reloads, r.Fetches)
	}
}

func TestVerdict(t *testing.T) {
	good := report{Seconds: 60, Requests: 10, Flood: 10, Refused: 10, Fetches: 60}
	if err := good.verdict(); err != nil {
		t.Errorf("a good run: %v", err)
	}
	for phrase, spoil := range map[string]func(*report){
		"one of the good failed":   func(r *report) { r.Failures = 1 },
		"no load":                  func(r *report) { r.Requests = 0 },
		"one of the flood got 503": func(r *report) { r.Refused = 9 },
		"a fetch too many":         func(r *report) { r.Fetches = r.fetchesAllowed() + 1 },
		"goroutines left":          func(r *report) { r.After.Goroutines = 100 },
	} {
		r := good
		spoil(&r)
		if r.verdict() == nil {
			t.Errorf("%s: no error", phrase)
		}
	}
}

func TestTables(t *testing.T) {
	r := report{Requests: 1234567, Rate: 200, Traefik: "v3"}
	r.take(stories.Outcome{Requests: 1234567, Statuses: map[int]int{200: 1234566}, P50: 1500 * time.Microsecond}, stories.Outcome{})
	var table, markdown bytes.Buffer
	r.print(&table)
	r.markdown(&markdown)
	if !strings.Contains(table.String(), "1,234,567") {
		t.Errorf("the requests are not in %s", &table)
	}
	for _, want := range []string{"| of them failed | 1 |\n", "| latency | p50 1.5 ms, p99 0.0 ms |\n", "\n|---|---|\n"} {
		if !strings.Contains(markdown.String(), want) {
			t.Errorf("%q is not in %s", want, &markdown)
		}
	}
}
