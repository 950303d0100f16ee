package traefik

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// modulePath is Traefik's own module.
const modulePath = "github.com/traefik/traefik/v3"

// versionForm is what is accepted as a version: it becomes a folder's name
// and a line of a go.mod.
var versionForm = regexp.MustCompile(`^v3\.[0-9]+\.[0-9]+(-[a-z0-9.]+)?$`)

// build returns the cached binary of a version and builds it when there is
// none. A lock on the cache folder lets a second process wait for the first
// one's build instead of doing it again.
func build(ctx context.Context, version string, progress io.Writer) (string, error) {
	if !versionForm.MatchString(version) {
		return "", fmt.Errorf("traefik version %q: want the form v3.6.12", version)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("traefik's cache folder: %w", err)
	}
	dir := filepath.Join(cache, "traefik-authproxy", "traefik-"+version)
	bin := filepath.Join(dir, "traefik")
	if _, err := os.Stat(bin); err == nil {
		return bin, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("traefik's cache folder: %w", err)
	}
	unlock, err := lock(ctx, filepath.Join(dir, "lock"), func() {
		fmt.Fprintf(progress, "traefik %s: another process builds it, waiting\n", version)
	})
	if err != nil {
		return "", fmt.Errorf("lock %s: %w", dir, err)
	}
	defer unlock()
	// The process that held the lock has probably built it.
	if _, err := os.Stat(bin); err == nil {
		return bin, nil
	}

	start := time.Now()
	fmt.Fprintf(progress, "traefik %s: building it into %s (some minutes, once)\n", version, dir)
	if err := compile(ctx, version, dir, progress); err != nil {
		return "", fmt.Errorf("build traefik %s: %w", version, err)
	}
	fmt.Fprintf(progress, "traefik %s: built in %s\n", version, time.Since(start).Round(time.Second))
	return bin, nil
}

// compile writes a module that only requires Traefik's command, with the
// replace and exclude lines of Traefik's own go.mod: those of a dependency
// do not count, and without them the build does not resolve.
func compile(ctx context.Context, version, dir string, progress io.Writer) error {
	src, err := download(ctx, version, dir)
	if err != nil {
		return err
	}
	mod, err := wrapper(ctx, version, src)
	if err != nil {
		return err
	}
	module := filepath.Join(dir, "module")
	if err := os.RemoveAll(module); err != nil {
		return err
	}
	if err := os.MkdirAll(module, 0o755); err != nil {
		return err
	}
	sum, err := os.ReadFile(filepath.Join(src, "go.sum"))
	if err != nil {
		return err
	}
	files := map[string][]byte{
		"go.mod":   mod,
		"go.sum":   sum,
		"tools.go": []byte("//go:build tools\n\npackage wrapper\n\nimport _ \"" + modulePath + "/cmd/traefik\"\n"),
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(module, name), content, 0o644); err != nil {
			return err
		}
	}

	// Written under another name and renamed: a binary under the right name
	// is a whole one.
	part := filepath.Join(dir, "traefik.part")
	ldflags := "-s -w -X " + modulePath + "/pkg/version.Version=" + strings.TrimPrefix(version, "v")
	cmd := goCommand(ctx, module, "build", "-mod=mod", "-buildvcs=false", "-v", "-ldflags", ldflags, "-o", part, modulePath+"/cmd/traefik")
	if err := runWithProgress(cmd, "traefik "+version, progress); err != nil {
		return err
	}
	return os.Rename(part, filepath.Join(dir, "traefik"))
}

// download brings Traefik's module into the module cache and returns its
// folder there.
func download(ctx context.Context, version, dir string) (string, error) {
	var out struct{ Dir, Error string }
	cmd := goCommand(ctx, dir, "mod", "download", "-json", modulePath+"@"+version)
	raw, err := cmd.Output()
	if jsonErr := json.Unmarshal(raw, &out); jsonErr != nil {
		return "", fmt.Errorf("go mod download: %w", errors.Join(err, jsonErr))
	}
	if out.Error != "" || err != nil {
		return "", fmt.Errorf("go mod download: %w %s", err, out.Error)
	}
	return out.Dir, nil
}

// wrapper makes the go.mod of the module around Traefik. Its go line is
// Traefik's: it decides which GODEBUG defaults the binary runs with, and
// those should be the official binary's.
func wrapper(ctx context.Context, version, src string) ([]byte, error) {
	raw, err := goCommand(ctx, src, "mod", "edit", "-json").Output()
	if err != nil {
		return nil, fmt.Errorf("read traefik's go.mod: %w", err)
	}
	type moduleVersion struct{ Path, Version string }
	var own struct {
		Go      string
		Replace []struct{ Old, New moduleVersion }
		Exclude []moduleVersion
	}
	if err := json.Unmarshal(raw, &own); err != nil {
		return nil, fmt.Errorf("read traefik's go.mod: %w", err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "module wrapper\n\ngo %s\n\nrequire %s %s\n\n", own.Go, modulePath, version)
	for _, r := range own.Replace {
		fmt.Fprintf(&b, "replace %s %s => %s %s\n", r.Old.Path, r.Old.Version, r.New.Path, r.New.Version)
	}
	for _, e := range own.Exclude {
		fmt.Fprintf(&b, "exclude %s %s\n", e.Path, e.Version)
	}
	return b.Bytes(), nil
}

// goCommand is the go command in a folder, without what the surroundings may
// have set for their own module: GOFLAGS and a workspace.
func goCommand(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "CGO_ENABLED=0")
	return cmd
}

// every is how often a build says how far it is.
const every = 10 * time.Second

// runWithProgress runs go build -v, which prints a line per module that it
// downloads and per package that it compiles, and turns these into one line
// every few seconds. On failure the last lines are part of the error.
func runWithProgress(cmd *exec.Cmd, what string, progress io.Writer) error {
	pipe, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scan := bufio.NewScanner(pipe); scan.Scan(); {
			lines <- scan.Text()
		}
	}()
	tick := time.NewTicker(every)
	defer tick.Stop()
	var modules, packages int
	var tail []string
	for open := true; open; {
		var line string
		select {
		case <-tick.C:
			fmt.Fprintf(progress, "%s: %s, %d modules downloaded, %d packages compiled\n",
				what, time.Since(start).Round(time.Second), modules, packages)
			continue
		case line, open = <-lines:
		}
		switch {
		case !open:
		case strings.HasPrefix(line, "go: downloading"):
			modules++
		default:
			packages++
		}
		if tail = append(tail, line); len(tail) > 20 {
			tail = tail[1:]
		}
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%w\n%s", err, strings.Join(tail, "\n"))
	}
	return nil
}
