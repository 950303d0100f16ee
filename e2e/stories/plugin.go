package stories

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/layout"
)

// PluginGateway is the plugin without Traefik, compiled or interpreted, in a
// process of its own, command gateway: so its standard output and its
// goroutines are the plugin's alone.
type PluginGateway struct {
	way, dir, addr string
	cmd            *exec.Cmd
	stdin          io.Closer
	done           chan struct{}
	waitErr        error // valid once done is closed
	client         *http.Client
}

// What StartPlugin and command gateway agree on.
const (
	// WayEnv and CheckoutEnv name the environment variables that say which way
	// to be, and where the plugin is.
	WayEnv      = "AUTHPROXY_STORIES_WAY"
	CheckoutEnv = "AUTHPROXY_STORIES_CHECKOUT"
	// AddressFile is the file in the working folder in which the process says
	// where it listens.
	AddressFile = "address"
	// ControlHost is the Host header of requests to the process itself: PUT
	// replaces the routes, GET is net/http/pprof.
	ControlHost = "control.invalid"
)

// startWithin bounds the start: the interpreter takes seconds to load the
// plugin, on a busy machine a multiple of them.
const startWithin = 3 * time.Minute

// stopWithin is how long the process may take to end by itself.
const stopWithin = 30 * time.Second

// StartPlugin starts the plugin of this checkout in the way Compiled or
// Interpreted, without a route.
func StartPlugin(ctx context.Context, way string) (*PluginGateway, error) {
	checkout, err := layout.Checkout()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "traefik-authproxy-stories-")
	if err != nil {
		return nil, err
	}
	g := &PluginGateway{way: way, dir: dir, done: make(chan struct{}), client: &http.Client{Timeout: time.Minute}}
	if err := g.build(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	g.cmd = exec.Command(g.program())
	g.cmd.Dir = dir
	g.cmd.Env = append(os.Environ(), WayEnv+"="+way, CheckoutEnv+"="+checkout)
	g.cmd.Env = append(g.cmd.Env, withoutProxy()...)
	if err := g.launch(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the plugin %s: %w", way, err), os.RemoveAll(dir))
	}
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	if err := g.await(ctx); err != nil {
		stderr, _ := readFile(g.stderrFile())
		return nil, errors.Join(fmt.Errorf("start the plugin %s: %w %s", way, err, stderr), g.Stop())
	}
	return g, nil
}

// program is the process's executable.
func (g *PluginGateway) program() string { return filepath.Join(g.dir, "gateway") }

// build builds the process's executable. Compiled, it has the race detector
// when the program that runs this has it. The interpreter is never given it:
// it finds races of the interpreter's own, which builds its types when they
// are first used.
func (g *PluginGateway) build(ctx context.Context) error {
	args := []string{"build", "-o", g.program()}
	if g.way == Compiled && detectsRaces() {
		args = append(args, "-race")
	}
	out, err := exec.CommandContext(ctx, "go", append(args, gatewayPackage)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("build the plugin's process: %w: %s", err, out)
	}
	return nil
}

// gatewayPackage is command gateway.
const gatewayPackage = layout.Module + "/e2e/stories/gateway"

// detectsRaces reports whether this program was built with the race detector.
func detectsRaces() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// launch starts the process with its output in files.
func (g *PluginGateway) launch() error {
	stdout, err := os.Create(g.stdoutFile())
	if err != nil {
		return err
	}
	defer stdout.Close()
	stderr, err := os.Create(g.stderrFile())
	if err != nil {
		return err
	}
	defer stderr.Close()
	g.cmd.Stdout, g.cmd.Stderr = stdout, stderr
	if g.stdin, err = g.cmd.StdinPipe(); err != nil {
		return err
	}
	if err := g.cmd.Start(); err != nil {
		return err
	}
	go func() {
		g.waitErr = g.cmd.Wait()
		close(g.done)
	}()
	return nil
}

// await waits for the file in which the process says where it listens.
func (g *PluginGateway) await(ctx context.Context) error {
	for {
		addr, err := readFile(filepath.Join(g.dir, AddressFile))
		if err == nil {
			g.addr = addr
			return nil
		}
		select {
		case <-g.done:
			return errors.Join(errors.New("it ended at once"), g.waitErr)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Name is the way.
func (g *PluginGateway) Name() string { return g.way }

// Address is where the process listens.
func (g *PluginGateway) Address() string { return g.addr }

func (g *PluginGateway) stdoutFile() string { return filepath.Join(g.dir, "stdout.log") }
func (g *PluginGateway) stderrFile() string { return filepath.Join(g.dir, "stderr.log") }

// Stdout is what the plugin wrote.
func (g *PluginGateway) Stdout() (string, error) { return readFile(g.stdoutFile()) }

// Goroutines asks the process.
func (g *PluginGateway) Goroutines(ctx context.Context) (int, error) {
	return countGoroutines(ctx, g.client, ControlHost, g.addr)
}

// Apply sends the process its routes. What New said against one of them is the
// error.
func (g *PluginGateway) Apply(ctx context.Context, routes []Route) error {
	body, err := json.Marshal(routes)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, "http://"+g.addr+"/routes", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Host = ControlHost
	res, err := g.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusNoContent {
		err = fmt.Errorf("apply routes: status %d: %s", res.StatusCode, text)
	}
	return err
}

// Stop ends the process.
func (g *PluginGateway) Stop() error {
	defer os.RemoveAll(g.dir)
	var errs []error
	select {
	case <-g.done:
		errs = append(errs, errors.New("the process had ended by itself"))
	default:
		errs = append(errs, g.stdin.Close())
	}
	select {
	case <-g.done:
		errs = append(errs, g.waitErr)
	case <-time.After(stopWithin):
		errs = append(errs, fmt.Errorf("the process did not end within %s and was killed", stopWithin), g.cmd.Process.Kill())
		<-g.done
	}
	stdout, outErr := g.Stdout()
	stderr, errErr := readFile(g.stderrFile())
	return errors.Join(append(errs, outErr, errErr, noisy(stdout, stderr))...)
}
