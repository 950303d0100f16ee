// Package gobuild builds others' commands from their modules, once, and keeps
// the binaries in the user's cache folder. A small module of our own stands
// around each: the replace lines of a dependency do not count, so what a
// command needs of them is repeated there.
package gobuild

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Recipe says how a command is built.
type Recipe struct {
	// Name is what progress lines call it, and its folder in the cache: it
	// names all that the binary depends on, the version first of all.
	Name string
	// Binary is the file's name.
	Binary string
	// Files makes the module's files by name, go.mod and go.sum among them.
	// It runs only when something is built; dir is a folder to run the go
	// command in.
	Files func(ctx context.Context, dir string) (map[string][]byte, error)
	// Package is what is built of the module, and Flags are for go build.
	Package string
	Flags   []string
}

// Build returns the cached binary and builds it when there is none. A lock on
// the cache folder lets a second process wait for the first one's build
// instead of doing it again. A build takes minutes; progress lines go to
// progress.
func (r Recipe) Build(ctx context.Context, progress io.Writer) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("cache folder: %w", err)
	}
	dir := filepath.Join(cache, "traefik-authproxy", r.Name)
	bin := filepath.Join(dir, r.Binary)
	if _, err := os.Stat(bin); err == nil {
		return bin, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("cache folder: %w", err)
	}
	unlock, err := lock(ctx, filepath.Join(dir, "lock"), func() {
		fmt.Fprintf(progress, "%s: another process builds it, waiting\n", r.Name)
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
	fmt.Fprintf(progress, "%s: building it into %s (some minutes, once)\n", r.Name, dir)
	if err := r.compile(ctx, dir, progress); err != nil {
		return "", fmt.Errorf("build %s: %w", r.Name, err)
	}
	fmt.Fprintf(progress, "%s: built in %s\n", r.Name, time.Since(start).Round(time.Second))
	return bin, nil
}

// compile writes the module and builds it.
func (r Recipe) compile(ctx context.Context, dir string, progress io.Writer) error {
	module := filepath.Join(dir, "module")
	if err := os.RemoveAll(module); err != nil {
		return err
	}
	if err := os.MkdirAll(module, 0o755); err != nil {
		return err
	}
	files, err := r.Files(ctx, dir)
	if err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(module, name), content, 0o644); err != nil {
			return err
		}
	}
	// Written under another name and renamed: a binary under the right name
	// is a whole one.
	part := filepath.Join(dir, r.Binary+".part")
	args := append([]string{"build", "-mod=mod", "-buildvcs=false", "-v"}, r.Flags...)
	cmd := command(ctx, module, append(args, "-o", part, r.Package)...)
	if err := runWithProgress(cmd, r.Name, progress); err != nil {
		return err
	}
	return os.Rename(part, filepath.Join(dir, r.Binary))
}

// Download brings a module into the module cache and returns its folder there.
// dir is any folder to run the go command in.
func Download(ctx context.Context, dir, module, version string) (string, error) {
	var out struct{ Dir, Error string }
	raw, err := command(ctx, dir, "mod", "download", "-json", module+"@"+version).Output()
	if jsonErr := json.Unmarshal(raw, &out); jsonErr != nil {
		return "", fmt.Errorf("go mod download %s: %w", module, errors.Join(err, jsonErr))
	}
	if out.Error != "" || err != nil {
		return "", fmt.Errorf("go mod download %s: %w %s", module, err, out.Error)
	}
	return out.Dir, nil
}

// Mod is what a go.mod says beside its requirements.
type Mod struct {
	Go      string
	Replace []struct{ Old, New Version }
	Exclude []Version
}

// Version is a module's path and version.
type Version struct{ Path, Version string }

// ReadMod reads the go.mod of a module's folder.
func ReadMod(ctx context.Context, dir string) (Mod, error) {
	var mod Mod
	raw, err := command(ctx, dir, "mod", "edit", "-json").Output()
	if err == nil {
		err = json.Unmarshal(raw, &mod)
	}
	if err != nil {
		return mod, fmt.Errorf("read go.mod in %s: %w", dir, err)
	}
	return mod, nil
}

// Around makes go.mod and go.sum of a module that requires another one, with its
// go line, which decides the GODEBUG defaults that a binary runs with, and its
// sums. directives makes the further lines of go.mod from the other's own: those of a
// dependency do not count. dir is any folder to run the go command in.
func Around(ctx context.Context, dir, module, version string, directives func(own Mod) (string, error)) (map[string][]byte, error) {
	src, err := Download(ctx, dir, module, version)
	if err != nil {
		return nil, err
	}
	own, err := ReadMod(ctx, src)
	if err != nil {
		return nil, err
	}
	lines, err := directives(own)
	if err != nil {
		return nil, err
	}
	sums, err := os.ReadFile(filepath.Join(src, "go.sum"))
	if err != nil {
		return nil, err
	}
	mod := fmt.Sprintf("module wrapper\n\ngo %s\n\nrequire %s %s\n\n%s", own.Go, module, version, lines)
	return map[string][]byte{"go.mod": []byte(mod), "go.sum": sums}, nil
}

// command is the go command in a folder, without what the surroundings may
// have set for their own module: GOFLAGS and a workspace.
func command(ctx context.Context, dir string, args ...string) *exec.Cmd {
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
