package bench

import (
	"context"
	"fmt"
	"time"
)

// nameLatency names the measurement in Options.Rows.
const nameLatency = "p99"

// Latency is a row's latencies at a fixed rate, per round in µs.
type Latency struct {
	Name string    `json:"name"`
	Rate int       `json:"perSecond"`
	P50  []float64 `json:"p50Micros"`
	P99  []float64 `json:"p99Micros"`
}

// latencies measures the bare, the empty and the warm row at half of what the
// warm one can take from the same generator: the rate is the same for all, and
// an open loop keeps to it.
func (r *runner) latencies(ctx context.Context, chosen []row) ([]Latency, error) {
	var compared []row
	rate := 0
	for _, c := range chosen {
		if c.name != rowBare && c.name != rowEmpty && c.name != rowWarm {
			continue
		}
		compared = append(compared, c)
		full, err := (&closedLoop{connections: r.Connections}).run(ctx, r.base(c), c.requests, c.status, r.Duration)
		if err != nil {
			return nil, err
		}
		// The last of them is the warm row.
		rate = max(1, int(float64(full.requests)/full.elapsed.Seconds()/2))
	}
	out := make([]Latency, len(compared))
	for i, c := range compared {
		out[i] = Latency{Name: c.name, Rate: rate}
	}
	for round := range r.Rounds {
		r.say("latencies at %d requests/s, round %d of %d", rate, round+1, r.Rounds)
		for i, c := range compared {
			s, err := openLoop(ctx, r.base(c), c.requests, c.status, rate, r.Connections, max(r.Duration, 5*time.Second))
			if err != nil {
				return nil, fmt.Errorf("%s at %d requests/s: %w", c.name, rate, err)
			}
			if err := s.check(c.name, c.status); err != nil {
				return nil, fmt.Errorf("at %d requests/s: %w", rate, err)
			}
			out[i].P50 = append(out[i].P50, float64(s.p50.Microseconds()))
			out[i].P99 = append(out[i].P99, float64(s.p99.Microseconds()))
		}
	}
	return out, nil
}
