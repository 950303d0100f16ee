package traefik_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/traefik"
)

// router is a dynamic configuration with one router that answers 418.
func router(host string) string {
	return fmt.Sprintf("http: {routers: {r: {rule: 'Host(`%s`)', service: noop@internal}}}", host)
}

func status(t *testing.T, addr, host string) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, "http://"+addr+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

func start(t *testing.T, o traefik.Options) *traefik.Process {
	t.Helper()
	p, err := traefik.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func stop(t *testing.T, p *traefik.Process) {
	t.Helper()
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
}

func TestALifeOfTraefik(t *testing.T) {
	p := start(t, traefik.Options{
		Static:  "entryPoints: {web: {address: ':80'}, second: {address: ':81'}}\nlog: {level: DEBUG}",
		Dynamic: router("one"),
	})
	for _, ep := range []string{"web", "second"} {
		if got := status(t, p.Addr(ep), "one"); got != http.StatusTeapot {
			t.Errorf("%s: status %d after the start, want 418", ep, got)
		}
	}
	if err := p.Reload(t.Context(), router("two")); err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{"one": http.StatusNotFound, "two": http.StatusTeapot} {
		if got := status(t, p.Addr("web"), host); got != want {
			t.Errorf("host %s: status %d after the reload, want %d", host, got, want)
		}
	}

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := p.WaitStdout(ctx, func(line string) bool { return strings.Contains(line, "Plugins loaded") }); err != nil {
		t.Errorf("no word of the plugin in the log: %v", err)
	}
	if cpu, err := p.CPU(); err != nil || cpu <= 0 || cpu > time.Hour {
		t.Errorf("CPU time %s, %v", cpu, err)
	}
	if rss, err := p.RSS(); err != nil || rss < 10<<20 || rss > 4<<30 {
		t.Errorf("resident memory %d, %v", rss, err)
	}

	pid, dir := p.PID(), p.Dir()
	stop(t, p)
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", pid)); err == nil {
		t.Error("the process is still there after Stop")
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("its folder is still there after Stop")
	}
}

func TestStaticConfigurationAsFlagsAndVariables(t *testing.T) {
	for name, o := range map[string]traefik.Options{
		"flags": {Args: []string{
			"--entryPoints.web.address=:80",
			"--providers.file.filename=/etc/traefik/dynamic.yml",
			"--experimental.localPlugins.authproxy.moduleName=github.com/labs64/traefik-authproxy",
		}},
		"variables": {Env: []string{
			"TRAEFIK_ENTRYPOINTS_WEB_ADDRESS=:80",
			"TRAEFIK_PROVIDERS_FILE_FILENAME=/etc/traefik/dynamic.yml",
			"TRAEFIK_EXPERIMENTAL_LOCALPLUGINS_AUTHPROXY_MODULENAME=github.com/labs64/traefik-authproxy",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			o.Dynamic = router("one")
			p := start(t, o)
			defer stop(t, p)
			if got := status(t, p.Addr("web"), "one"); got != http.StatusTeapot {
				t.Errorf("status %d, want 418", got)
			}
		})
	}
}

func TestAStartThatFailsSaysWhy(t *testing.T) {
	_, err := traefik.Start(t.Context(), traefik.Options{Static: "entryPoints: {web: {adress: ':80'}}"})
	if err == nil || !strings.Contains(err.Error(), "adress") {
		t.Errorf("got %v, want Traefik's own complaint", err)
	}
}

// TestMain is also the parent of TestNoOrphan: a process that starts Traefik,
// says its id and then waits to be killed.
func TestMain(m *testing.M) {
	if os.Getenv("TRAEFIK_TEST_PARENT") == "" {
		os.Exit(m.Run())
	}
	p, err := traefik.Start(context.Background(), traefik.Options{})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(p.PID(), p.Dir())
	select {}
}

func TestNoOrphan(t *testing.T) {
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), "TRAEFIK_TEST_PARENT=1")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	var dir string
	_, scanErr := fmt.Fscan(out, &pid, &dir)
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // killed, as asked
	if scanErr != nil {
		t.Fatalf("the parent did not start Traefik: %v", scanErr)
	}
	defer os.RemoveAll(dir)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		if time.Now().After(end) {
			t.Fatal("Traefik outlived its killed parent by ten seconds")
		}
	}
}
