package pathbackends

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// startLimit is how long a process may take until its servers listen. Java and
// Python start slowly on a machine that is busy with a build.
const startLimit = 2 * time.Minute

// command is how a process of backends is started.
type command struct {
	path string
	args []string
	dir  string
	env  []string // beside this process's own
}

// startProcess starts a process that says "listening NAME ADDRESS" for each of
// its servers, then "ready", on its standard output, and that ends when its
// standard input ends.
func startProcess(family string, c command) (*Family, error) {
	cmd := exec.Command(c.path, c.args...)
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), c.env...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the %s backends: %w", family, err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the %s backends: %w", family, err)
	}
	var complaints tail
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the %s backends: %w", family, err)
	}
	result := &Family{Name: family, stop: func() { end(cmd, stdin) }}

	type outcome struct {
		backends []Backend
		err      error
	}
	ready := make(chan outcome, 1)
	go func() {
		backends, err := readReady(stdout)
		ready <- outcome{backends, err}
		_, _ = io.Copy(io.Discard, stdout)
	}()
	select {
	case got := <-ready:
		if got.err != nil {
			result.Stop()
			return nil, fmt.Errorf("start the %s backends: %w; it said: %s", family, got.err, complaints.String())
		}
		result.Backends = got.backends
	case <-time.After(startLimit):
		result.Stop()
		return nil, fmt.Errorf("start the %s backends: not ready after %v; it said: %s", family, startLimit, complaints.String())
	}
	return result, nil
}

// readReady reads the servers that a process names until it says "ready".
func readReady(r io.Reader) ([]Backend, error) {
	var backends []Backend
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) == 3 && fields[0] == "listening":
			backends = append(backends, Backend{Name: fields[1], Addr: fields[2], FoldsCase: foldsCase[fields[1]]})
		case len(fields) == 1 && fields[0] == "ready":
			return backends, nil
		}
	}
	return nil, fmt.Errorf("ended before it was ready (%v)", lines.Err())
}

// end asks a process to end by closing its standard input, and makes it end
// when it does not.
func end(cmd *exec.Cmd, stdin io.Closer) {
	_ = stdin.Close()
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(3 * time.Second):
		_ = cmd.Process.Kill()
		<-done
	}
}

// tail keeps the last part of what a process says, for an error's text.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

const tailSize = 4 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	if len(t.kept) > tailSize {
		t.kept = bytes.Clone(t.kept[len(t.kept)-tailSize:])
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}
