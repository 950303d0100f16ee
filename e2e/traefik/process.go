// Package traefik finds, builds and runs the real Traefik with the plugin in
// local mode, exactly as a user has it.
//
// Find gives a binary. Start runs it in a folder of its own with a static
// configuration, the file provider and the plugin's checkout under
// plugins-local; every entry point listens on a free port of the loopback
// interface. The process ends with the one that started it.
package traefik

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/layout"
)

// Options say what to start.
type Options struct {
	// Binary is the Traefik to run; empty is Find with Version.
	Binary string
	// Version is used when Binary is empty; empty is what Find does then.
	Version string

	// Static is the static configuration as YAML. Empty is one entry point
	// named web.
	Static string
	// Args is the static configuration as command-line flags, Env as
	// environment variables (NAME=value). Traefik takes one of the three and
	// silently leaves the others, so at most one of Static, Args and
	// TRAEFIK_ variables in Env may be given. Other variables may always be.
	Args []string
	Env  []string

	// Dynamic is the first content of the file provider's file, YAML.
	Dynamic string

	// Checkout is the plugin to load; empty is layout.Checkout.
	Checkout string
	// LocalPlugins are the folders of further plugins by module name. The
	// static configuration names them under experimental.localPlugins.
	LocalPlugins map[string]string
}

// Process is a running Traefik. Its methods may be used by several
// goroutines, apart from Reload.
type Process struct {
	dir, bin   string
	addrs      map[string]string
	generation int
	cmd        *exec.Cmd
	done       chan struct{}
	waitErr    error // valid once done is closed
}

// startTries is how often Start takes new ports: a free port can be taken by
// somebody else between the moment it was found and Traefik's listening.
const startTries = 3

// Start runs Traefik and waits until it serves the dynamic configuration.
//
// The static configuration is taken as given, but for this: the address of
// every entry point becomes a free port on 127.0.0.1, the file provider reads
// a folder of Start's that holds Dynamic, and where nothing is said about
// them, providers.providersThrottleDuration is short, and Traefik neither
// looks for a newer version nor sends statistics. In a static configuration
// as YAML that says nothing about plugins, the plugin is loaded in local mode
// under the name authproxy.
//
// Ready means that every entry point answers a router which Start adds for
// itself, so plugins are loaded and all routers of Dynamic were built. A
// router that a failing middleware took away is not an error here.
//
// ctx bounds the start only. The process runs until Stop, and no longer than
// the one that called Start.
func Start(ctx context.Context, o Options) (*Process, error) {
	bin := o.Binary
	if bin == "" {
		found, err := Find(ctx, o.Version, os.Stderr)
		if err != nil {
			return nil, err
		}
		bin = found
	}
	checkout := o.Checkout
	if checkout == "" {
		found, err := layout.Checkout()
		if err != nil {
			return nil, err
		}
		checkout = found
	}
	var err error
	for range startTries {
		var p *Process
		p, err = start(ctx, bin, checkout, o)
		if err == nil {
			return p, nil
		}
		if !strings.Contains(err.Error(), "address already in use") {
			break
		}
	}
	return nil, err
}

// start is one try of Start.
func start(ctx context.Context, bin, checkout string, o Options) (*Process, error) {
	dir, err := os.MkdirTemp("", "traefik-authproxy-")
	if err != nil {
		return nil, err
	}
	p := &Process{dir: dir, bin: bin}
	err = p.begin(bin, checkout, o)
	if err == nil {
		err = p.ready(ctx)
	}
	if err == nil {
		return p, nil
	}
	err = fmt.Errorf("start traefik: %w%s", err, p.complaints())
	if p.cmd == nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return nil, errors.Join(err, p.Stop())
}

// begin fills the working folder and starts the process.
func (p *Process) begin(bin, checkout string, o Options) error {
	if _, err := layout.Place(checkout, filepath.Join(p.dir, "plugins-local")); err != nil {
		return err
	}
	for module, folder := range o.LocalPlugins {
		to := filepath.Join(p.dir, "plugins-local", "src", filepath.FromSlash(module))
		if err := os.CopyFS(to, os.DirFS(folder)); err != nil {
			return fmt.Errorf("lay out the plugin %s: %w", module, err)
		}
	}
	if err := os.Mkdir(p.dynamicDir(), 0o755); err != nil {
		return err
	}
	static, args, env, err := p.complete(o)
	if err != nil {
		return err
	}
	if static != nil {
		file := filepath.Join(p.dir, "static.yml")
		if err := os.WriteFile(file, static, 0o644); err != nil {
			return err
		}
		args = []string{"--configFile=" + file}
	}
	if err := p.write(o.Dynamic); err != nil {
		return err
	}
	return p.launch(bin, args, env)
}

// Dir is the process's working folder; it goes away with Stop.
func (p *Process) Dir() string { return p.dir }

// Addr is where an entry point listens, as 127.0.0.1:PORT; empty for a name
// that the static configuration does not have.
func (p *Process) Addr(entryPoint string) string { return p.addrs[entryPoint] }

// Binary is the path of the Traefik that runs.
func (p *Process) Binary() string { return p.bin }

// PID is the process's id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended, by Stop or by itself.
func (p *Process) Done() <-chan struct{} { return p.done }

// stopAfter is how long Traefik may take to end by itself.
const stopAfter = 15 * time.Second

// Stop ends the process, waits for it and removes its folder. It reports an
// end that was not asked for.
func (p *Process) Stop() error {
	defer os.RemoveAll(p.dir)
	select {
	case <-p.done:
		return fmt.Errorf("traefik had ended by itself: %w", p.waitErr)
	default:
	}
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		return fmt.Errorf("stop traefik: %w", err)
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(stopAfter):
	}
	if err := p.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("kill traefik: %w", err)
	}
	<-p.done
	return fmt.Errorf("traefik did not end within %s and was killed", stopAfter)
}
