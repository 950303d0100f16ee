package verdict

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/semver"

	"github.com/labs64/traefik-authproxy/e2e/host"
	"github.com/labs64/traefik-authproxy/e2e/issuer"
	"github.com/labs64/traefik-authproxy/e2e/traefik"
)

// The ways that a row runs, in the order in which they are reported.
const (
	Compiled    = "compiled"
	Interpreted = "interpreted"
	Traefik     = "Traefik"
	// Uncleaned is the same Traefik at an entry point with sanitizePath off,
	// for rows whose path the other one changes.
	Uncleaned = "Traefik, sanitizePath off"
)

// Site is everything that the table runs against.
type Site struct {
	// TraefikVersion is what the Traefik in use says of itself.
	TraefikVersion string
	// Refused are the table's own configurations that New did not take.
	Refused []string

	dir     string // policy files
	issuer  *issuer.Issuer
	ways    []*way
	traefik *traefik.Process
	plugins map[string]*host.Plugin // by way, for those without Traefik
	stdout  *tail                   // of this process
	close   []func() error
}

// way is one of the ways that a row runs.
type way struct {
	name     string
	addr     string
	recorder *recorder
	panics   panics
	log      *tail
	rewrites bool // paths, before the plugin sees them
}

// panics collects what a plugin panics with; Traefik answers 500 by itself.
type panics struct {
	mu   sync.Mutex
	list []string
}

func (p *panics) add(err *host.PanicError) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, err.Error())
}

// take returns what there is and forgets it.
func (p *panics) take() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer func() { p.list = nil }()
	return strings.Join(p.list, "\n")
}

// Open sets everything up: the issuer, the plugin of a checkout compiled and
// interpreted behind servers on loopback, and Traefik. options choose the
// Traefik; their Static may add sections to the static configuration, such as
// experimental, but none of those in static.
func Open(ctx context.Context, checkout string, options traefik.Options) (s *Site, err error) {
	s = &Site{plugins: map[string]*host.Plugin{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.dir, err = os.MkdirTemp("", "traefik-authproxy-policy-"); err != nil {
		return s, err
	}
	s.close = append(s.close, func() error { return os.RemoveAll(s.dir) })
	files := maps.Clone(policyFiles)
	for _, f := range brokenFiles {
		if f.content != "" {
			files[f.name] = f.content
		}
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(content), 0o644); err != nil {
			return s, err
		}
	}
	if s.issuer, err = issuer.Start(issuer.Options{Realms: realms}); err != nil {
		return s, err
	}
	s.close = append(s.close, s.issuer.Close)
	spoil(s.issuer)

	if err := s.captureStdout(); err != nil {
		return s, err
	}
	configs := map[string]string{}
	for _, v := range variants {
		text, err := overlay(v.yaml)
		if err != nil {
			return s, fmt.Errorf("variant %s: %w", v.name, err)
		}
		configs[v.name] = s.fill(text)
	}
	var complaints bytes.Buffer // what an interpreted plugin prints to its error output
	interpreted, err := host.Interpreted(checkout, io.Discard, &complaints)
	if err != nil {
		return s, fmt.Errorf("%w %s", err, complaints.String())
	}
	s.plugins[Compiled], s.plugins[Interpreted] = host.Compiled(), interpreted
	for _, name := range []string{Compiled, Interpreted} {
		if err := s.serve(name, configs); err != nil {
			return s, fmt.Errorf("%s: %w", name, err)
		}
	}
	options.Checkout = checkout
	return s, s.serveTraefik(ctx, options, configs)
}

// Close ends everything.
func (s *Site) Close() error {
	var err error
	for i := len(s.close) - 1; i >= 0; i-- {
		err = errors.Join(err, s.close[i]())
	}
	s.close = nil
	return err
}

func (s *Site) realm(name string) *issuer.Realm { return s.issuer.Realm(name) }

// serve puts the plugin's middlewares behind a server, as Traefik's routers
// by host.
func (s *Site) serve(name string, configs map[string]string) error {
	w := &way{name: name, recorder: &recorder{}, log: s.stdout}
	ctx, cancel := context.WithCancel(context.Background())
	s.close = append(s.close, func() error { cancel(); return nil })
	handlers := map[string]http.Handler{}
	for _, v := range variants {
		config, err := host.Config(pluginSection("", configs[v.name]))
		if err != nil {
			return fmt.Errorf("variant %s: %w", v.name, err)
		}
		h, err := s.plugins[name].New(ctx, w.recorder, config, v.name+"@file")
		if err != nil {
			// Its rows get 404, as in Traefik, and are faults by that.
			s.Refused = append(s.Refused, fmt.Sprintf("%s: variant %s: %v", name, v.name, err))
			continue
		}
		handlers[v.host()] = host.Guard(h, w.panics.add)
	}
	addr, err := s.listen(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		name, _, _ := strings.Cut(r.Host, ":") // CONNECT names a port
		h, ok := handlers[name]
		if !ok {
			http.NotFound(rw, r)
			return
		}
		h.ServeHTTP(rw, r)
	}))
	w.addr = addr
	s.ways = append(s.ways, w)
	return err
}

// listen serves a handler on a free port of the loopback interface.
func (s *Site) listen(h http.Handler) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: patience,
		// The table's requests are often wrong, and the server says so.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	s.close = append(s.close, func() error {
		err := server.Close()
		if served := <-done; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	})
	return l.Addr().String(), nil
}

// pluginSection is a middleware's section of a dynamic configuration.
func pluginSection(indent, config string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%splugin:\n%s  authproxy:\n", indent, indent)
	for line := range strings.Lines(config) {
		fmt.Fprintf(&b, "%s    %s", indent, line)
	}
	return b.String()
}

// static is the static configuration of the table's Traefik, uncleaned a
// further entry point of one whose entry points rewrite paths.
const (
	static = `
log: {level: ERROR, format: json}
entryPoints:
  web: {address: ':80'}
`
	uncleaned = "  uncleaned: {address: ':81', http: {sanitizePath: false}}\n"
)

// rewriteSince is the first Traefik whose entry points decode letters in paths
// that need no escape, and clean paths unless they are told not to.
const rewriteSince = "v3.3.6"

// serveTraefik starts Traefik with a router for each variant, at two entry
// points, and one for each configuration that must be refused.
func (s *Site) serveTraefik(ctx context.Context, options traefik.Options, configs map[string]string) error {
	recorder := &recorder{wire: true}
	backend, err := s.listen(recorder)
	if err != nil {
		return err
	}
	for n, m := range Mistakes() {
		text, err := overlay(m.yaml)
		if err != nil {
			return fmt.Errorf("mistake %q: %w", m.Phrase, err)
		}
		configs[mistakeName(n)] = s.fill(text)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "http:\n  services:\n    echo: {loadBalancer: {servers: [{url: 'http://%s'}]}}\n  routers:\n", backend)
	for _, name := range sorted(configs) {
		fmt.Fprintf(&b, "    %s: {rule: 'Host(`%s.test`)', middlewares: [%s], service: echo}\n", name, name, name)
	}
	b.WriteString("  middlewares:\n")
	for _, name := range sorted(configs) {
		fmt.Fprintf(&b, "    %s:\n%s", name, pluginSection("      ", configs[name]))
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute) // a build may be part of it
	defer cancel()
	if options.Binary == "" {
		if options.Binary, err = traefik.Find(ctx, options.Version, os.Stderr); err != nil {
			return err
		}
	}
	if s.TraefikVersion, err = traefik.Version(ctx, options.Binary); err != nil {
		return err
	}
	// What is no version, as of a build from sources, is taken as the newest.
	version := "v" + s.TraefikVersion
	rewrites := !semver.IsValid(version) || semver.Compare(version, rewriteSince) >= 0
	if rewrites {
		options.Static = static + uncleaned + options.Static
	} else {
		options.Static = static + options.Static
	}
	options.Dynamic = b.String()
	if s.traefik, err = traefik.Start(ctx, options); err != nil {
		return err
	}
	s.close = append(s.close, s.traefik.Stop)
	log := &tail{file: s.traefik.StdoutFile()}
	s.ways = append(s.ways, &way{name: Traefik, addr: s.traefik.Addr("web"), recorder: recorder, log: log, rewrites: rewrites})
	if rewrites {
		s.ways = append(s.ways, &way{name: Uncleaned, addr: s.traefik.Addr("uncleaned"), recorder: recorder, log: log})
	}
	return nil
}
