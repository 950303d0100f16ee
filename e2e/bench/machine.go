package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/layout"
	"github.com/labs64/traefik-authproxy/e2e/traefik"
)

// Versions say what was measured, and on what.
type Versions struct {
	Plugin    string `json:"plugin"`
	Traefik   string `json:"traefik"`
	Go        string `json:"go"` // that built Traefik
	Generator string `json:"generator"`
	CPU       string `json:"cpu"`
	Cores     int    `json:"cores"`
}

func versions(ctx context.Context, binary string, g generator) (Versions, error) {
	v := Versions{Generator: g.name(), CPU: cpuModel(), Cores: runtime.NumCPU()}
	var err error
	if v.Plugin, err = commit(ctx); err != nil {
		return v, err
	}
	if v.Traefik, err = traefikVersion(ctx, binary); err != nil {
		return v, err
	}
	out, err := exec.CommandContext(ctx, "go", "version", binary).Output()
	if err != nil {
		return v, fmt.Errorf("go version of traefik: %w", err)
	}
	_, v.Go, _ = strings.Cut(strings.TrimSpace(string(out)), ": ")
	return v, nil
}

// traefikVersion is the version of the module that the binary was built from
// where it says so, else what it calls itself.
func traefikVersion(ctx context.Context, binary string) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "version", "-m", binary).Output()
	if err == nil {
		for line := range strings.Lines(string(out)) {
			f := strings.Fields(line)
			if len(f) >= 3 && (f[0] == "dep" || f[0] == "mod") && f[1] == "github.com/traefik/traefik/v3" && strings.HasPrefix(f[2], "v") {
				return f[2], nil
			}
		}
	}
	return traefik.Version(ctx, binary)
}

// commit is the plugin's commit, marked when the checkout has changes.
func commit(ctx context.Context) (string, error) {
	dir, err := layout.Checkout()
	if err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, "git", "-C", dir, "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*").Output()
	if err != nil {
		return "", fmt.Errorf("the plugin's commit: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

func cpuModel() string {
	content, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(content)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// moduleVersion is the version of a module in this program.
func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, m := range info.Deps {
		if m.Path == path {
			return m.Version
		}
	}
	return "unknown"
}

// busy is how much processor time the machine has used since it started, in
// all processes (proc(5), the first line of /proc/stat).
func busy() (time.Duration, error) {
	content, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(content), "\n")
	fields := strings.Fields(first)
	var ticks int64
	// user, nice, system; then idle and iowait; irq, softirq, steal.
	for _, i := range []int{1, 2, 3, 6, 7, 8} {
		if i >= len(fields) {
			return 0, fmt.Errorf("/proc/stat: cannot be read: %q", first)
		}
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("/proc/stat: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}
