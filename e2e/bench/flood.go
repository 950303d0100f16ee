package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/labs64/traefik-authproxy/e2e/traefik"
)

// nameFlood names the measurement in Options.Rows.
const nameFlood = "flood"

// floodTokens is how many different good tokens pass.
const floodTokens = 100000

// Flood is Traefik's resident memory in MiB before, amid and after a flood of
// different good tokens, and after the load that follows it. What is bounded
// grows no further in the second half.
type Flood struct {
	Tokens    int     `json:"tokens"`
	TokenSize int     `json:"tokenBytes"`
	Before    float64 `json:"beforeMiB"`
	Half      float64 `json:"halfMiB"`
	After     float64 `json:"afterMiB"`
	Settled   float64 `json:"settledMiB"`
	// Bare is the memory of another Traefik that passed as many requests
	// without a middleware.
	Bare float64 `json:"bareMiB"`
}

// flood measures in processes of its own, so that earlier load does not hide
// the growth.
func (r *runner) flood(ctx context.Context) (*Flood, error) {
	r.say("flood of %d tokens", floodTokens)
	p, err := r.site.start(ctx, 0)
	if err != nil {
		return nil, err
	}
	out, err := r.floodOf(ctx, p)
	if err = errors.Join(err, p.Stop()); err != nil {
		return nil, err
	}
	if p, err = r.site.start(ctx, 0); err != nil {
		return nil, err
	}
	err = r.pour(ctx, "http://"+p.Addr("bare"), 0, floodTokens)
	if err == nil {
		out.Bare, err = memory(p)
	}
	return out, errors.Join(err, p.Stop())
}

func (r *runner) floodOf(ctx context.Context, p *traefik.Process) (*Flood, error) {
	base := "http://" + p.Addr("auth")
	out := &Flood{Tokens: floodTokens, TokenSize: len(r.floodToken(0))}
	warm := []request{{guarded, r.floodToken(0)}}
	// As much load before as after, so that the heap's own breathing is in both.
	calm := func() error {
		s, err := r.generator.run(ctx, base, warm, http.StatusOK, 5*time.Second)
		if err != nil {
			return err
		}
		return s.check(nameFlood, http.StatusOK)
	}
	for _, step := range []struct {
		do  func() error
		rss *float64
	}{
		{calm, &out.Before},
		{func() error { return r.pour(ctx, base, 0, floodTokens/2) }, &out.Half},
		{func() error { return r.pour(ctx, base, floodTokens/2, floodTokens) }, &out.After},
		{calm, &out.Settled},
	} {
		if err := step.do(); err != nil {
			return nil, err
		}
		var err error
		if *step.rss, err = memory(p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// floodToken is the header with a token of one of many people, signed with
// ES256 as that is quick.
func (r *runner) floodToken(i int) string {
	realm := r.site.issuer.Default()
	return person(realm, i).By(realm.Key("ES256")).Bearer()
}

// pour sends each of the tokens once.
func (r *runner) pour(ctx context.Context, base string, from, to int) error {
	next := int64(from) - 1
	targeter := func(t *vegeta.Target) error {
		i := int(atomic.AddInt64(&next, 1))
		if i >= to {
			return vegeta.ErrNoTargets
		}
		*t = target(base, request{guarded, r.floodToken(i)})
		return nil
	}
	n := uint64(r.Connections)
	attacker := vegeta.NewAttacker(vegeta.Workers(n), vegeta.MaxWorkers(n), vegeta.Connections(r.Connections), vegeta.HTTP2(false))
	stop := context.AfterFunc(ctx, func() { attacker.Stop() })
	defer stop()
	passed := 0
	for result := range attacker.Attack(targeter, vegeta.ConstantPacer{}, 0, "") {
		if result.Error == vegeta.ErrNoTargets.Error() {
			continue
		}
		if result.Code != http.StatusOK {
			attacker.Stop()
			return fmt.Errorf("%s: answered %d %s, want 200", nameFlood, result.Code, result.Error)
		}
		passed++
	}
	if passed != to-from {
		return errors.Join(ctx.Err(), fmt.Errorf("%s: %d of %d tokens passed", nameFlood, passed, to-from))
	}
	return nil
}

// memory is the process's resident memory in MiB.
func memory(p *traefik.Process) (float64, error) {
	rss, err := p.RSS()
	return float64(rss) / (1 << 20), err
}
