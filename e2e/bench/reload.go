package bench

import (
	"context"
	"time"
)

// nameReload names the measurement in Options.Rows.
const nameReload = "reload"

// Reload is the processor time of one reload of so many routers, in seconds,
// per round: with the plugin in front of each, and without a middleware.
type Reload struct {
	Routers int       `json:"routers"`
	Plugin  []float64 `json:"pluginSeconds"`
	Bare    []float64 `json:"bareSeconds"`
}

// reloads lets the crowd of routers come and go through the plugin in turn.
// The other routers stay as they are and are built anew each time, as Traefik
// does.
func (r *runner) reloads(ctx context.Context) (*Reload, error) {
	gates, err := r.site.gates()
	if err != nil {
		return nil, err
	}
	out := &Reload{Routers: manyRouters}
	for round := range r.Rounds {
		r.say("reload of %d routers, round %d of %d", manyRouters, round+1, r.Rounds)
		for _, guarded := range []bool{false, true} {
			dynamic, err := r.site.dynamic(gates, manyRouters, guarded)
			if err != nil {
				return nil, err
			}
			seconds, err := r.reload(ctx, dynamic)
			if err != nil {
				return nil, err
			}
			if guarded {
				out.Plugin = append(out.Plugin, seconds)
			} else {
				out.Bare = append(out.Bare, seconds)
			}
		}
	}
	return out, nil
}

// reload returns what a new dynamic configuration costs until the process has
// come to rest.
func (r *runner) reload(ctx context.Context, dynamic string) (float64, error) {
	if err := r.rest(ctx); err != nil {
		return 0, err
	}
	before, err := r.crowded.CPU()
	if err != nil {
		return 0, err
	}
	if err := r.crowded.Reload(ctx, dynamic); err != nil {
		return 0, err
	}
	if err := r.rest(ctx); err != nil {
		return 0, err
	}
	after, err := r.crowded.CPU()
	return (after - before).Seconds(), err
}

// rest waits until the process with the crowd uses next to no processor time.
func (r *runner) rest(ctx context.Context) error {
	const pause = 300 * time.Millisecond
	last, err := r.crowded.CPU()
	for err == nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		var now time.Duration
		now, err = r.crowded.CPU()
		if now-last <= pause/15 {
			return err
		}
		last = now
	}
	return err
}
