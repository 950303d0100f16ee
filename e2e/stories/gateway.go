package stories

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The ways that a story runs.
const (
	Compiled    = "compiled"
	Interpreted = "interpreted"
	Traefik     = "Traefik"
)

// Route is a middleware of the plugin's with the routers that use it.
type Route struct {
	// Host is what a request's Host header says to come here. It names the
	// middleware too.
	Host string
	// Config is the plugin's configuration, as YAML would have it.
	Config map[string]any
	// Routers is how many routers use the middleware; 0 is one. Each further
	// one is for a host of its own, see RouterHost.
	Routers int
}

// RouterHost is the Host header of the nth router of a route, counted from 0.
func (r Route) RouterHost(n int) string {
	if n == 0 {
		return r.Host
	}
	return fmt.Sprintf("r%d.%s", n, r.Host)
}

// Count is the number of routers.
func (r Route) Count() int { return max(1, r.Routers) }

// Middleware is the middleware's name.
func (r Route) Middleware() string {
	// A dot would be read as a level.
	return strings.ReplaceAll(r.Host, ".", "-")
}

// Section is the middleware as YAML, as in a dynamic configuration.
func (r Route) Section() (string, error) {
	text, err := yaml.Marshal(r.section())
	if err != nil {
		return "", fmt.Errorf("configuration of %s: %w", r.Host, err)
	}
	return string(text), nil
}

func (r Route) section() map[string]any {
	return map[string]any{"plugin": map[string]any{"authproxy": r.Config}}
}

// Gateway is a process with the plugin in front of a service that answers
// with what it was asked (package backend). Its methods may be used by several
// goroutines, apart from Apply and Stop.
type Gateway interface {
	// Name is one of Compiled, Interpreted and Traefik.
	Name() string
	// Address is where it takes requests, as 127.0.0.1:PORT.
	Address() string
	// Apply makes the routes the whole configuration and returns when they
	// serve. As Traefik does, it ends what New was given before and calls New
	// for every router, also where nothing has changed.
	Apply(ctx context.Context, routes []Route) error
	// Stdout is all that the process wrote to its standard output so far.
	Stdout() (string, error)
	// Goroutines is how many goroutines the process has.
	Goroutines(ctx context.Context) (int, error)
	// Stop ends the process. It is an error when it had ended by itself, or
	// when a panic or a data race was reported.
	Stop() error
}

// withoutProxy takes every proxy out of an environment: what the stories ask
// is on loopback or nowhere.
func withoutProxy() []string {
	var env []string
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"} {
		env = append(env, name+"=", strings.ToLower(name)+"=")
	}
	return env
}

// total is the first line of net/http/pprof's list of goroutines.
var total = regexp.MustCompile(`^goroutine profile: total (\d+)\n`)

// countGoroutines asks the handler of net/http/pprof at an address.
func countGoroutines(ctx context.Context, client *http.Client, host, address string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/debug/pprof/goroutine?debug=1", nil)
	if err != nil {
		return 0, err
	}
	req.Host = host
	res, err := client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("count goroutines: %w", err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, fmt.Errorf("count goroutines: %w", err)
	}
	found := total.FindSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("count goroutines: status %d, and no total in %.80q", res.StatusCode, text)
	}
	return strconv.Atoi(string(found[1]))
}

// noisy finds what no process may write: the reports of panics and of data
// races.
func noisy(stdout, stderr string) error {
	for _, text := range []string{stdout, stderr} {
		for line := range strings.Lines(text) {
			if strings.Contains(line, "panic") || strings.Contains(line, "DATA RACE") {
				at := strings.Index(text, line)
				return fmt.Errorf("the process reports: %.4000s", text[at:])
			}
		}
	}
	return nil
}

// readFile returns a file's text.
func readFile(file string) (string, error) {
	text, err := os.ReadFile(file)
	return string(text), err
}
