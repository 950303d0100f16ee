package micro

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"
)

// Step is one thing that is measured: do runs it n times.
type Step struct {
	Name string
	do   func(n int)
	// overhead is what do takes for nothing, such as the loop around an operation.
	overhead func(n int)
}

// Result is what a step takes.
type Result struct {
	Name string `json:"name"`
	// Nanos is the time of one run in ns, in the round in which it took the
	// least: what it takes when nothing disturbs it.
	Nanos float64 `json:"ns"`
	// Allocs and Bytes are allocated by one run.
	Allocs float64 `json:"allocs"`
	Bytes  float64 `json:"bytes"`
}

// Run measures each step once in every round, so that a machine which is
// slower for a while is slower for all of them. slice is how long each takes.
func Run(ctx context.Context, steps []Step, rounds int, slice time.Duration) ([]Result, error) {
	times := make([][]float64, len(steps))
	results := make([]Result, len(steps))
	counts := make([]int, len(steps))
	for i, s := range steps {
		counts[i] = howMany(s.do, slice)
		a, b := allocated(s.do, 1000)
		if s.overhead != nil {
			a0, b0 := allocated(s.overhead, 1000)
			a, b = a-a0, b-b0
		}
		results[i] = Result{Name: s.Name, Allocs: a, Bytes: b}
	}
	for range rounds {
		for i, s := range steps {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			n := counts[i]
			runtime.GC() // each begins with the same heap
			took := timed(s.do, n)
			if s.overhead != nil {
				took -= timed(s.overhead, n)
			}
			times[i] = append(times[i], float64(took.Nanoseconds())/float64(n))
		}
	}
	for i := range results {
		results[i].Nanos = slices.Min(times[i])
	}
	return results, nil
}

// howMany finds how often to run something so that it takes about d.
func howMany(do func(int), d time.Duration) int {
	n := 1
	for {
		took := timed(do, n)
		if took > d/10 || n > 1<<24 {
			return max(1, int(float64(n)*float64(d)/float64(max(took, 1))))
		}
		n *= 4
	}
}

func timed(do func(int), n int) time.Duration {
	began := time.Now()
	do(n)
	return time.Since(began)
}

// allocated returns how many objects and bytes one of n runs allocates.
func allocated(do func(int), n int) (objects, bytes float64) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do(n)
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(n), float64(after.TotalAlloc-before.TotalAlloc) / float64(n)
}

// Print writes results as a table.
func Print(out io.Writer, results []Result) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "ns\tallocations\tbytes\t  ")
	for _, r := range results {
		fmt.Fprintf(w, "%.0f\t%.1f\t%.0f\t  %s\n", r.Nanos, r.Allocs, r.Bytes, r.Name)
	}
	return w.Flush()
}
