package bench

import (
	"context"
	"fmt"
	"time"
)

// warmUp is how long a row is asked for before it is measured: where there are
// many requests, long enough for each to have been seen.
func warmUp(c row) time.Duration {
	if len(c.requests) > 1 {
		return 4 * time.Second
	}
	return time.Second
}

// measure takes the rows' samples: in each round every row once, the order
// turned from round to round, and the bare row before and after each: the speed of
// a machine that others share changes within seconds.
func (r *runner) measure(ctx context.Context, chosen []row) ([]Row, error) {
	out := make([]Row, len(chosen))
	index := map[string]int{}
	for i, c := range chosen {
		out[i] = Row{Name: c.name, Text: c.text, Against: c.baseline()}
		index[c.name] = i
	}
	for _, c := range chosen {
		r.say("warming up: %s", c.name)
		if _, err := r.sample(ctx, c, warmUp(c)); err != nil {
			return nil, err
		}
	}
	for round := range r.Rounds {
		r.say("round %d of %d", round+1, r.Rounds)
		before, err := r.sample(ctx, chosen[0], r.Duration)
		if err != nil {
			return nil, err
		}
		bare := []Sample{before}
		for _, c := range turned(chosen[1:], round) {
			sample, err := r.sample(ctx, c, r.Duration)
			if err != nil {
				return nil, err
			}
			after, err := r.sample(ctx, chosen[0], r.Duration)
			if err != nil {
				return nil, err
			}
			sample.Bare = (before.CPU + after.CPU) / 2
			sample.BarePerSecond = (before.PerSecond + after.PerSecond) / 2
			row := &out[index[c.name]]
			row.Samples = append(row.Samples, sample)
			before = after
			bare = append(bare, after)
		}
		for i := range bare {
			bare[i].Bare, bare[i].BarePerSecond = bare[i].CPU, bare[i].PerSecond
		}
		out[0].Samples = append(out[0].Samples, bare...)
	}
	setAgainst(out, index)
	return out, nil
}

// setAgainst replaces the baseline of the rows that have one of their own.
func setAgainst(rows []Row, index map[string]int) {
	for i := range rows {
		at, ok := index[rows[i].Against]
		if rows[i].Against == rowBare || !ok {
			continue
		}
		for k := range rows[i].Samples {
			base := rows[at].Samples[k]
			rows[i].Samples[k].Bare, rows[i].Samples[k].BarePerSecond = base.CPU, base.PerSecond
		}
	}
}

// turned begins a list at another place each round.
func turned(list []row, round int) []row {
	if len(list) == 0 {
		return nil
	}
	at := round * 5 % len(list)
	return append(append([]row{}, list[at:]...), list[:at]...)
}

// sample measures a row once. Its baseline is left open.
func (r *runner) sample(ctx context.Context, c row, d time.Duration) (Sample, error) {
	p := r.process(c)
	before, err := p.CPU()
	if err != nil {
		return Sample{}, err
	}
	s, err := r.generator.run(ctx, r.base(c), c.requests, c.status, d)
	if err != nil {
		return Sample{}, fmt.Errorf("%s: %w", c.name, err)
	}
	after, err := p.CPU()
	if err != nil {
		return Sample{}, err
	}
	if err := s.check(c.name, c.status); err != nil {
		return Sample{}, err
	}
	rss, err := p.RSS()
	if err != nil {
		return Sample{}, err
	}
	return Sample{
		CPU:       float64((after - before).Microseconds()) / float64(s.requests),
		PerSecond: float64(s.requests) / s.elapsed.Seconds(),
		P50:       float64(s.p50.Microseconds()),
		P99:       float64(s.p99.Microseconds()),
		RSS:       float64(rss) / (1 << 20),
	}, nil
}
