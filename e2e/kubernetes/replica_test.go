package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/traefik"
)

// deploymentArgs are the arguments of Traefik's container in a file of the
// examples.
func deploymentArgs(file string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(examples, file))
	if err != nil {
		return nil, err
	}
	documents, err := Documents(text)
	if err != nil {
		return nil, err
	}
	for _, d := range documents {
		if d.Object.Kind() == "Deployment" {
			return d.Object.child("spec", "template", "spec").list("containers")[0].texts("args"), nil
		}
	}
	return nil, fmt.Errorf("%s has no Deployment", file)
}

// startReplica starts a Traefik with the arguments of a pod, and with what a
// pod finds by itself: the API server's address and certificate, and a token
// of its service account. Empty for the checkout is this one.
func startReplica(ctx context.Context, args []string, checkout string) (*traefik.Process, error) {
	token, err := site.server.Admin.AccountToken(ctx, "traefik", "traefik")
	if err != nil {
		return nil, err
	}
	args = append(append([]string(nil), args...),
		"--providers.kubernetesCRD.endpoint="+site.server.URL,
		"--providers.kubernetesCRD.certAuthFilePath="+site.server.CAFile,
		"--providers.kubernetesCRD.token="+token,
		"--metrics.prometheus=true")
	return traefik.Start(ctx, traefik.Options{Args: args, Checkout: checkout, Env: []string{
		"HTTP_PROXY=" + site.names.URL, "http_proxy=", "HTTPS_PROXY=" + site.names.URL, "https_proxy=", "NO_PROXY=", "no_proxy="}})
}

// stopReplica ends a Traefik. That it was refused something by the API server,
// or that something in it panicked, is an error; but for the YAML library's own
// panics at a broken policy, which it recovers and the interpreter tells of.
func stopReplica(p *traefik.Process) error {
	stdout, outErr := p.Stdout()
	stderr, errErr := p.Stderr()
	var noisy error
	for line := range strings.Lines(stdout + stderr) {
		if strings.Contains(line, "panic") && !strings.Contains(line, "/vendor/go.yaml.in/yaml/") || strings.Contains(line, "forbidden") {
			noisy = fmt.Errorf("traefik reports: %s", line)
			break
		}
	}
	return errors.Join(outErr, errErr, noisy, p.Stop())
}

var reloadsLine = regexp.MustCompile(`(?m)^traefik_config_reloads_total (\S+)$`)

// reloads is how often a Traefik has taken a configuration.
func reloads(ctx context.Context, p *traefik.Process) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Addr("traefik")+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err
	}
	found := reloadsLine.FindSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("status %d, and no number of reloads", res.StatusCode)
	}
	n, err := strconv.ParseFloat(string(found[1]), 64)
	return int(n), err
}

// client asks Traefiks; it uses no proxy.
var client = &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 100}}

// patience is how long a test waits for what must come at some time.
const patience = time.Minute

// until waits for a condition.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for begin := time.Now(); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Since(begin) > patience {
			t.Fatalf("%s: not after %s", what, patience)
		}
	}
}
