package micro

import (
	"context"
	"testing"
	"time"
)

// TestOperations: every operation loads, runs and is measured.
func TestOperations(t *testing.T) {
	steps, err := Operations()
	if err != nil {
		t.Fatal(err)
	}
	results, err := Run(context.Background(), steps, 1, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != len(operations) {
		t.Fatalf("%d results of %d operations", len(results), len(operations))
	}
	allocs := map[string]float64{}
	for _, r := range results {
		allocs[r.Name] = r.Allocs
	}
	// The text of a function costs, run or not: the finding that the plugin's
	// warm way is built on.
	short, long := allocs["call of an interpreted function"], allocs["call of an interpreted function with 10 lines that do not run"]
	if long < short+20 {
		t.Errorf("lines that do not run: %v allocations, %v without them: want many more", long, short)
	}
}

// TestSteps: every way through ServeHTTP ends as it should, over and over.
func TestSteps(t *testing.T) {
	p, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	steps, err := p.Steps(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		s.do(3)
	}
}
