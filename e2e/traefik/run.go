package traefik

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// launch starts the binary in the working folder. Its output goes into files,
// so that reading it costs the process nothing and a long run needs no memory
// here.
func (p *Process) launch(bin string, args, env []string) error {
	stdout, err := os.Create(p.StdoutFile())
	if err != nil {
		return err
	}
	defer stdout.Close()
	stderr, err := os.Create(p.stderrFile())
	if err != nil {
		return err
	}
	defer stderr.Close()
	cmd := exec.Command(bin, args...)
	cmd.Dir = p.dir
	cmd.Env = append(surroundings(), env...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.SysProcAttr = endWithParent()
	p.done = make(chan struct{})

	started := make(chan error, 1)
	go func() {
		// The system ends the child when the *thread* that started it ends,
		// so this thread is kept for it.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.waitErr = cmd.Wait()
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("run %s: %w", bin, err)
	}
	p.cmd = cmd
	return nil
}

// surroundings is the environment without what would configure Traefik, or
// point it at a cluster.
func surroundings() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "TRAEFIK_") || strings.HasPrefix(v, "KUBE")
	})
}

// StdoutFile is the file that holds the process's standard output.
func (p *Process) StdoutFile() string { return filepath.Join(p.dir, "stdout.log") }

func (p *Process) stderrFile() string { return filepath.Join(p.dir, "stderr.log") }

// Stdout returns all that the process wrote to its standard output so far:
// Traefik's log and the plugin's lines. Stop takes it away.
func (p *Process) Stdout() (string, error) { return read(p.StdoutFile()) }

// Stderr returns all that the process wrote to its standard error so far.
func (p *Process) Stderr() (string, error) { return read(p.stderrFile()) }

func read(file string) (string, error) {
	content, err := os.ReadFile(file)
	return string(content), err
}

// WaitStdout waits for a line on standard output that ok accepts, and returns
// it without its line end.
func (p *Process) WaitStdout(ctx context.Context, ok func(line string) bool) (string, error) {
	for {
		out, err := p.Stdout()
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(out) {
			if text, whole := strings.CutSuffix(line, "\n"); whole && ok(text) {
				return text, nil
			}
		}
		select {
		case <-p.done:
			return "", errors.New("traefik ended, and the line never came")
		case <-ctx.Done():
			return "", fmt.Errorf("the line did not come: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// complaints is what the process wrote last, for an error's text.
func (p *Process) complaints() string {
	var b strings.Builder
	for _, file := range []string{p.StdoutFile(), p.stderrFile()} {
		content, err := read(file)
		if err != nil || content == "" {
			continue
		}
		lines := strings.Split(strings.TrimSpace(content), "\n")
		lines = lines[max(0, len(lines)-20):]
		fmt.Fprintf(&b, "\n%s:\n%s", filepath.Base(file), strings.Join(lines, "\n"))
	}
	return b.String()
}
