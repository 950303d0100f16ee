package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/google/pprof/profile"

	"github.com/labs64/traefik-authproxy/e2e/traefik"
)

// Profiled is a CPU profile of Traefik under a row's load.
type Profiled struct {
	Name     string
	Profile  *profile.Profile
	Requests int
}

// Profile takes a CPU profile of Traefik under the load of each of the rows,
// one after the other, through Traefik's own debug endpoint.
func Profile(ctx context.Context, names []string, d time.Duration, connections int) (profiles []Profiled, err error) {
	s, err := newSite(nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if _, err := traefik.Find(ctx, "", os.Stderr); err != nil {
		return nil, err
	}
	p, err := s.start(ctx, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.Stop()) }()
	r := &runner{site: s, plain: p, generator: newGenerator(connections)}
	all := rows(s.issuer.Default())
	for _, name := range names {
		found := false
		for _, c := range all {
			if c.name == name && !c.crowded {
				found = true
				if err := r.check(ctx, []row{c}); err != nil {
					return nil, err
				}
				if _, err := r.sample(ctx, c, warmUp(c)); err != nil {
					return nil, err
				}
				one, err := r.profile(ctx, c, d)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", name, err)
				}
				profiles = append(profiles, one)
			}
		}
		if !found {
			return nil, fmt.Errorf("no row is named %q", name)
		}
	}
	return profiles, nil
}

func (r *runner) profile(ctx context.Context, c row, d time.Duration) (Profiled, error) {
	type load struct {
		served served
		err    error
	}
	done := make(chan load, 1)
	go func() {
		s, err := r.generator.run(ctx, r.base(c), c.requests, c.status, d)
		done <- load{s, err}
	}()
	prof, err := fetchProfile(ctx, "http://"+r.plain.Addr("traefik"), d)
	l := <-done
	if err = errors.Join(err, l.err); err != nil {
		return Profiled{}, err
	}
	return Profiled{Name: c.name, Profile: prof, Requests: l.served.requests}, nil
}

func fetchProfile(ctx context.Context, base string, d time.Duration) (*profile.Profile, error) {
	url := fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", base, max(1, int(d.Seconds())))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 200))
		return nil, fmt.Errorf("fetch the profile: status %d: %s", res.StatusCode, text)
	}
	return profile.Parse(res.Body)
}
