package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/labs64/traefik-authproxy/e2e/layout"
	"github.com/labs64/traefik-authproxy/e2e/traefik"
)

// output runs a command in a folder and returns all that it prints.
func output(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if err != nil {
		err = fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return out.String(), err
}

// both runs the go command in both modules.
func (c *check) both(ctx context.Context, args ...string) (report, error) {
	var r report
	var errs error
	for _, dir := range []string{c.root, c.e2e} {
		out, err := output(ctx, dir, "go", args...)
		if err != nil {
			r.output += out
			errs = errors.Join(errs, err)
		}
	}
	return r, errs
}

// gofmt lists the files that are not formatted; vendored ones are others'.
func gofmt(ctx context.Context, c *check) (report, error) {
	var files []string
	err := filepath.WalkDir(c.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "vendor" || d.Name() == ".git" || d.Name() == "node_modules") {
			return fs.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(path, ".go") {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		return report{}, err
	}
	out, err := output(ctx, c.root, "gofmt", append([]string{"-l"}, files...)...)
	if err == nil && out != "" {
		err = errors.New("files are not formatted")
	}
	return report{output: out, note: fmt.Sprintf("%d files", len(files))}, err
}

func vet(ctx context.Context, c *check) (report, error) { return c.both(ctx, "vet", "./...") }

// tool builds a command that the development module pins, to run it anywhere.
func (c *check) tool(ctx context.Context, pkg string) (string, string, error) {
	bin := filepath.Join(c.tmp, filepath.Base(pkg))
	out, err := output(ctx, c.e2e, "go", "build", "-buildvcs=false", "-o", bin, pkg)
	return bin, out, err
}

func staticcheck(ctx context.Context, c *check) (report, error) {
	bin, out, err := c.tool(ctx, "honnef.co/go/tools/cmd/staticcheck")
	if err != nil {
		return report{output: out}, err
	}
	var r report
	for _, dir := range []string{c.root, c.e2e} {
		out, runErr := output(ctx, dir, bin, "./...")
		r.output += out
		err = errors.Join(err, runErr)
	}
	return r, err
}

func traps(ctx context.Context, c *check) (report, error) {
	out, err := output(ctx, c.e2e, "go", "run", "./cmd/traps", c.root)
	return report{output: out}, err
}

// modules checks that dependencies are what go.sum says, that go.mod lists
// what is imported and nothing else, and that vendor/ is what go mod vendor
// makes.
func modules(ctx context.Context, c *check) (report, error) {
	r, err := c.both(ctx, "mod", "verify")
	tidy, tidyErr := c.both(ctx, "mod", "tidy", "-diff")
	r.output += tidy.output
	fresh := filepath.Join(c.tmp, "vendor")
	out, vendorErr := output(ctx, c.root, "go", "mod", "vendor", "-o", fresh)
	r.output += out
	if vendorErr == nil {
		out, vendorErr = output(ctx, c.root, "diff", "-r", fresh, filepath.Join(c.root, "vendor"))
		if vendorErr != nil {
			vendorErr = errors.New("vendor/ is not what go mod vendor makes")
		}
		r.output += out
	}
	return r, errors.Join(err, tidyErr, vendorErr)
}

// yaegiTests runs the plugin's tests in the interpreter and compares which
// ran with which there are, rows of tables included: the interpreter loses
// closures in loops, and with them whole rows whose test then passes.
func yaegiTests(ctx context.Context, c *check) (report, error) {
	bin, out, err := c.tool(ctx, "github.com/traefik/yaegi/cmd/yaegi")
	if err != nil {
		return report{output: out}, err
	}
	// The step before says which rows there are; without it, and where it
	// failed half-way, there are at least the tests themselves.
	list, err := output(ctx, c.root, "go", "test", "-list=^Test", ".")
	if err != nil {
		return report{output: list}, err
	}
	want := slices.Clone(c.pluginTests)
	for line := range strings.Lines(list) {
		if strings.HasPrefix(line, "Test") {
			want = append(want, strings.TrimSpace(line))
		}
	}
	gopath := filepath.Join(c.tmp, "gopath")
	dir, err := layout.Place(c.root, gopath)
	if err != nil {
		return report{}, err
	}
	// By import path: under the name "." the interpreter does not find vendor/.
	cmd := exec.CommandContext(ctx, bin, "test", "-v", layout.Module)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPATH="+gopath)
	raw, err := cmd.CombinedOutput()
	r := report{output: string(raw)}
	ran := map[string]bool{}
	for line := range strings.Lines(string(raw)) {
		verdict, rest, _ := strings.Cut(strings.TrimSpace(line), ": ")
		name, _, _ := strings.Cut(rest, " ")
		switch verdict {
		case "--- PASS":
			ran[name] = true
			r.passed++
		case "--- FAIL":
			ran[name] = true
			r.failed++
		case "--- SKIP":
			ran[name] = true
			r.skipped = append(r.skipped, name+", in the interpreter")
		}
	}
	missing := map[string]bool{}
	for _, name := range want {
		if !ran[name] {
			missing[name] = true
		}
	}
	switch {
	case err != nil:
	case len(want) == 0:
		err = errors.New("there are no tests")
	case r.failed > 0:
		err = errors.New("tests failed, and the interpreter's exit status does not say so")
	case len(missing) > 0:
		r.output = strings.Join(slices.Sorted(maps.Keys(missing)), "\n")
		err = fmt.Errorf("%d tests ran compiled and did not run here", len(missing))
	}
	r.note = fmt.Sprintf("%d tests", r.passed)
	return r, err
}

// findTraefik finds or builds Traefik before the tests need it: a build takes
// longer than a test may, and its progress would not be seen there.
func findTraefik(ctx context.Context, c *check) (report, error) {
	bin, err := traefik.Find(ctx, "", os.Stdout)
	if err != nil {
		return report{}, err
	}
	version, err := traefik.Version(ctx, bin)
	return report{note: version}, err
}

// demo runs the demo once; it fails when a mark of its table is missing.
func demo(ctx context.Context, c *check) (report, error) {
	cmd := exec.CommandContext(ctx, "go", "run", "./cmd/demo")
	cmd.Dir = c.e2e
	cmd.Env = append(os.Environ(), "ONCE=1")
	out, err := cmd.CombinedOutput()
	return report{output: string(out)}, err
}
