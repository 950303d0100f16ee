package bench

import (
	"math"
	"testing"
)

func TestQuantile(t *testing.T) {
	for _, c := range []struct {
		values []float64
		q      float64
		want   float64
	}{
		{[]float64{3}, 0.5, 3},
		{[]float64{3, 1, 2}, 0.5, 2},
		{[]float64{4, 1, 3, 2}, 0.5, 2.5},
		{[]float64{10, 20, 30, 40, 50}, 0.25, 20},
		{[]float64{10, 20}, 1, 20},
	} {
		if got := quantile(c.values, c.q); got != c.want {
			t.Errorf("quantile(%v, %v): got %v, want %v", c.values, c.q, got, c.want)
		}
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("median of nothing: got %v, want NaN", got)
	}
}

// TestRatioIsOfNeighbours: a machine that is twice as slow in one round does
// not change the ratio.
func TestRatioIsOfNeighbours(t *testing.T) {
	r := Row{Samples: []Sample{{CPU: 110, Bare: 100}, {CPU: 220, Bare: 200}, {CPU: 121, Bare: 110}}}
	if got := r.Ratio(); math.Abs(got-1.1) > 1e-9 {
		t.Errorf("ratio: got %v, want 1.1", got)
	}
	if got := r.Extra(); got != 11 {
		t.Errorf("extra: got %v, want 11", got)
	}
}
