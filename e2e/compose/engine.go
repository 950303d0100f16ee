// Package compose runs examples/docker-compose as written, on a Docker engine
// of its own.
//
// No image is pulled: images are made here under the names that the example
// asks for, from Traefik's binary, Keycloak's distribution with a Java of the
// machine, and an echo service. They mimic the official ones in what the
// example relies on: entry points, users, and what is not in them.
//
// The engine lives in namespaces, so that it shares neither network, ports,
// sockets nor packet filters with the machine or with an engine that runs
// there already, and all of it is gone when it ends. This needs root, or sudo
// without a password.
package compose

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// ErrMissing says that a program is missing, ErrRefused that the system does
// not let an engine run: no root, or a kernel or container that forbids it.
var (
	ErrMissing = errors.New("no engine: a program is missing")
	ErrRefused = errors.New("no engine: the system does not allow it")
)

//go:embed engine.sh
var script string

// path is the search path, with the folders that only root's own has.
func path() string { return os.Getenv("PATH") + ":/usr/local/sbin:/usr/sbin:/sbin" }

// find is exec.LookPath in path.
func find(name string) (string, error) {
	for _, dir := range filepath.SplitList(path()) {
		if file, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return filepath.Abs(file)
		}
	}
	return "", fmt.Errorf("%w: %s", ErrMissing, name)
}

// asRoot puts what is needed before a command that must run as root.
func asRoot(args ...string) []string {
	if os.Geteuid() != 0 {
		args = append([]string{"sudo", "-n"}, args...)
	}
	return args
}

// inNamespaces is the command that runs engine.sh.
func inNamespaces(ctx context.Context, args ...string) *exec.Cmd {
	line := asRoot(append([]string{
		"env", "PATH=" + path(),
		"unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private",
		"sh", "-c", script, "engine",
	}, args...)...)
	return exec.CommandContext(ctx, line[0], line[1:]...)
}

// Available reports with ErrMissing or ErrRefused why no engine can run here,
// or nil.
func Available(ctx context.Context) error {
	for _, name := range []string{"dockerd", "containerd", "runc", "docker", "iptables", "ip", "unshare", "nsenter", "ldd", "curl"} {
		if _, err := find(name); err != nil {
			return err
		}
	}
	if _, err := composeCommand(ctx); err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		if err := exec.CommandContext(ctx, "sudo", "-n", "true").Run(); err != nil {
			return fmt.Errorf("%w: it needs root, or sudo without a password: %w", ErrRefused, err)
		}
	}
	if out, err := inNamespaces(ctx, "probe").CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %w: %s", ErrRefused, err, bytes.TrimSpace(out))
	}
	return nil
}

// composeCommand is how Compose is called: as the plugin of the docker command,
// or by its older name.
func composeCommand(ctx context.Context) ([]string, error) {
	if exec.CommandContext(ctx, "docker", "compose", "version").Run() == nil {
		return []string{"docker", "compose"}, nil
	}
	if _, err := find("docker-compose"); err != nil {
		return nil, err
	}
	return []string{"docker-compose"}, nil
}

// Engine is a running Docker engine. Its methods are for one goroutine.
type Engine struct {
	dir      string
	pid      string // of the first process, as the machine sees it
	first    *exec.Cmd
	lifeline io.Closer
	compose  []string
}

// startWithin is many times what an engine takes to answer.
const startWithin = time.Minute

// Start starts an engine. It ends with Close, or with the calling process.
func Start(ctx context.Context) (*Engine, error) {
	compose, err := composeCommand(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "traefik-authproxy-engine-")
	if err != nil {
		return nil, err
	}
	e := &Engine{dir: dir, compose: compose}
	if err := e.start(ctx); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log")) // there may be none
		return nil, fmt.Errorf("start the engine: %w\n%s", errors.Join(err, e.Close()), log)
	}
	return e, nil
}

func (e *Engine) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	// Not by the context: this one ends by its lifeline, and cleans up then.
	e.first = inNamespaces(context.Background(), "run", e.dir, filepath.Base(e.dir))
	e.first.Stderr = os.Stderr
	stdin, err := e.first.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := e.first.StdoutPipe()
	if err != nil {
		return err
	}
	if err := e.first.Start(); err != nil {
		return err
	}
	e.lifeline = stdin
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return fmt.Errorf("it ended at once: %w", err)
	}
	e.pid = strings.TrimSpace(line)
	for {
		out, err := e.Command(ctx, "/", "docker", "version").CombinedOutput()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it does not answer: %w: %s", err, out)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Command is a command within the engine's namespaces, in a folder, without
// the variables that would lead docker elsewhere.
func (e *Engine) Command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	line := asRoot(append([]string{
		"nsenter", "--target", e.pid, "--mount", "--net", "--pid", "--",
		"env", "-i", "PATH=" + path(), "HOME=" + os.Getenv("HOME"), "LANG=C.UTF-8",
		"sh", "-c", `cd "$1" && shift && exec "$@"`, "in", dir,
	}, args...)...)
	return exec.CommandContext(ctx, line[0], line[1:]...)
}

// Compose is a command of Compose in a folder; args are all that follows
// "docker compose".
func (e *Engine) Compose(ctx context.Context, dir string, args ...string) *exec.Cmd {
	return e.Command(ctx, dir, append(e.compose[:len(e.compose):len(e.compose)], args...)...)
}

// Versions says in a few words which engine and which Compose run.
func (e *Engine) Versions(ctx context.Context) (string, error) {
	engine, err := e.Command(ctx, "/", "docker", "version", "--format", "{{.Server.Version}}").Output()
	if err != nil {
		return "", err
	}
	compose, err := e.Compose(ctx, "/", "version", "--short").Output()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("engine %s, %s %s", bytes.TrimSpace(engine), strings.Join(e.compose, " "), bytes.TrimSpace(compose)), nil
}

// stopWithin is how long the engine may take to end.
const stopWithin = time.Minute

// Close ends the engine and all that runs in it, and removes its folder.
func (e *Engine) Close() error {
	if e.lifeline == nil {
		return os.RemoveAll(e.dir)
	}
	if err := e.lifeline.Close(); err != nil {
		return err
	}
	late := time.AfterFunc(stopWithin, func() {
		line := asRoot("kill", "-KILL", e.pid)
		_ = exec.Command(line[0], line[1:]...).Run() // Wait tells how it ended
	})
	defer late.Stop()
	if err := e.first.Wait(); err != nil {
		return fmt.Errorf("end the engine: %w", err)
	}
	if _, err := os.Stat(e.dir); err == nil {
		return fmt.Errorf("end the engine: %s is still there", e.dir)
	}
	return nil
}
