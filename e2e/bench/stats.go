package bench

import (
	"math"
	"slices"
)

// median returns the middle of the values, NaN of none.
func median(values []float64) float64 {
	return quantile(values, 0.5)
}

// quantile returns the q-quantile of the values, interpolated, NaN of none.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	below := int(at)
	if below == len(sorted)-1 {
		return sorted[below]
	}
	return sorted[below] + (at-float64(below))*(sorted[below+1]-sorted[below])
}

// medianOf returns the median of what f says of each sample.
func medianOf(samples []Sample, f func(Sample) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = f(s)
	}
	return median(values)
}
