package traefik

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// readyWithin bounds a start or a reload whose context has no deadline: the
// interpreter takes a second or two to load the plugin, and several times
// that on a machine that is busy building.
const readyWithin = 2 * time.Minute

// Reload replaces the dynamic configuration and waits until Traefik serves
// the new one on every entry point.
func (p *Process) Reload(ctx context.Context, dynamic string) error {
	if err := p.write(dynamic); err != nil {
		return err
	}
	if err := p.ready(ctx); err != nil {
		return fmt.Errorf("reload traefik: %w%s", err, p.complaints())
	}
	return nil
}

// write puts the dynamic configuration into the file provider's folder, and
// after it a router of the harness for this generation, whose answer shows
// that both were taken: Traefik reads all files of the folder together.
func (p *Process) write(dynamic string) error {
	p.generation++
	var names []string
	for name := range p.addrs {
		names = append(names, name)
	}
	marker := fmt.Sprintf("http:\n  routers:\n    harness:\n      entryPoints: [%s]\n      rule: Host(`%s`)\n      service: noop@internal\n",
		strings.Join(names, ", "), p.generationHost())
	if err := p.replace("dynamic.yml", dynamic); err != nil {
		return err
	}
	return p.replace("harness.yml", marker)
}

// replace swaps a file's content in one step, so that Traefik never reads
// half of it.
func (p *Process) replace(name, content string) error {
	part := filepath.Join(p.dir, name)
	if err := os.WriteFile(part, []byte(content), 0o644); err != nil {
		return err
	}
	return os.Rename(part, filepath.Join(p.dynamicDir(), name))
}

func (p *Process) generationHost() string {
	return fmt.Sprintf("generation-%d.harness.invalid", p.generation)
}

// ready waits until every entry point answers the current generation's
// router, or the process ends.
func (p *Process) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	client := &http.Client{
		Timeout: 2 * time.Second,
		// A redirection of the entry point's answers in the router's place.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DisableKeepAlives: true,
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // loopback, and Traefik's own certificate
			DialContext:       (&net.Dialer{}).DialContext,
		},
	}
	for name, addr := range p.addrs {
		for !p.served(ctx, client, addr) {
			select {
			case <-p.done:
				return fmt.Errorf("traefik ended: %w", errors.Join(p.waitErr, errors.New("before it was ready")))
			case <-ctx.Done():
				return fmt.Errorf("entry point %s at %s does not serve generation %d: %w", name, addr, p.generation, ctx.Err())
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	return nil
}

// served asks one entry point for the current generation's router, which
// answers 418. An entry point whose routers are all TLS answers only there.
func (p *Process) served(ctx context.Context, client *http.Client, addr string) bool {
	for _, scheme := range []string{"http", "https"} {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+addr+"/", nil)
		if err != nil {
			return false
		}
		req.Host = p.generationHost()
		res, err := client.Do(req)
		if err != nil {
			continue
		}
		res.Body.Close()
		if res.StatusCode == http.StatusTeapot || res.StatusCode/100 == 3 {
			return true
		}
	}
	return false
}
