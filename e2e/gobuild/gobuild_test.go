package gobuild

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// recipe is one for a command of these sources, which counts how often the
// module is made.
func recipe(t *testing.T, source string) (Recipe, *atomic.Int64) {
	// The cache folder is the test's own, the go command's stays.
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
		t.Setenv(name, output(t, "go", "env", name))
	}
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", dir)
	t.Setenv("HOME", dir)
	var made atomic.Int64
	return Recipe{
		Name: "hello-v1", Binary: "hello", Package: ".",
		Flags: []string{"-ldflags", "-X main.what=world"},
		Files: func(context.Context, string) (map[string][]byte, error) {
			made.Add(1)
			return map[string][]byte{"go.mod": []byte("module hello\n\ngo 1.24\n"), "main.go": []byte(source)}, nil
		},
	}, &made
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// TestBuildOnce: however many ask at the same time, and again later.
func TestBuildOnce(t *testing.T) {
	r, made := recipe(t, "package main\n\nimport \"fmt\"\n\nvar what string\n\nfunc main() { fmt.Println(\"hello\", what) }\n")
	var wait sync.WaitGroup
	var bins [4]string
	for i := range bins {
		wait.Go(func() {
			bin, err := r.Build(context.Background(), io.Discard)
			if err != nil {
				t.Error(err)
			}
			bins[i] = bin
		})
	}
	wait.Wait()
	again, err := r.Build(context.Background(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, bin := range bins {
		if bin != again {
			t.Errorf("binary %q, want %q", bin, again)
		}
	}
	if n := made.Load(); n != 1 {
		t.Errorf("built %d times, want once", n)
	}
	if got := output(t, again); got != "hello world" {
		t.Errorf("the binary says %q", got)
	}
}

// TestFailedBuild: it says what the compiler says, and leaves no binary.
func TestFailedBuild(t *testing.T) {
	r, made := recipe(t, "package main\n\nfunc main() { undefined() }\n")
	for range 2 {
		if _, err := r.Build(context.Background(), io.Discard); err == nil || !strings.Contains(err.Error(), "undefined: undefined") {
			t.Errorf("got %v, want the compiler's error", err)
		}
	}
	if n := made.Load(); n != 2 {
		t.Errorf("tried %d times, want 2", n)
	}
	broken := errors.New("no such module")
	r.Files = func(context.Context, string) (map[string][]byte, error) { return nil, broken }
	if _, err := r.Build(context.Background(), io.Discard); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}
