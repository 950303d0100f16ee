package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/kubernetes"
	"github.com/labs64/traefik-authproxy/e2e/layout"
)

// event is a line of go test -json (see go doc test2json).
type event struct {
	Action, Package, Test, Output, ImportPath string
	Elapsed                                   float64
}

// goTest runs go test in a folder, says of each package when it is done, and
// counts tests. Of the output it keeps what failing tests and packages wrote,
// and lines that begin with one of keep.
func goTest(ctx context.Context, dir string, keep []string, args ...string) (report, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, args...)...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return report{}, err
	}
	if err := cmd.Start(); err != nil {
		return report{}, err
	}
	r := report{ran: map[string][]string{}}
	var notes []string
	written := map[string]*strings.Builder{} // by package and test
	lines := bufio.NewReader(pipe)
	for {
		line, readErr := lines.ReadBytes('\n')
		if readErr != nil {
			break
		}
		var e event
		if json.Unmarshal(line, &e) != nil {
			r.output += string(line)
			continue
		}
		name := e.Package + e.ImportPath + " " + e.Test
		switch e.Action {
		case "output", "build-output":
			if written[name] == nil {
				written[name] = &strings.Builder{}
			}
			written[name].WriteString(e.Output)
			for _, prefix := range keep {
				if strings.HasPrefix(e.Output, prefix) {
					notes = append(notes, strings.TrimSpace(strings.TrimPrefix(e.Output, prefix)))
				}
			}
		case "pass", "fail", "skip", "build-fail":
			text := ""
			if written[name] != nil {
				text = written[name].String()
				delete(written, name)
			}
			r.count(e, name, text)
		}
	}
	err = cmd.Wait()
	r.output += stderr.String()
	r.note = fmt.Sprintf("%d tests", r.passed)
	if len(notes) > 0 {
		r.note += "; " + strings.Join(notes, "; ")
	}
	return r, err
}

// count takes the end of a test, or of a package where e.Test is empty.
func (r *report) count(e event, name, text string) {
	whole := e.Test == ""
	if !whole && e.Action != "skip" {
		r.ran[e.Package] = append(r.ran[e.Package], e.Test)
	}
	switch {
	case whole && e.Action == "skip": // a package without tests
	case e.Action == "skip":
		r.skipped = append(r.skipped, name+": "+strings.Join(strings.Fields(text), " "))
	case e.Action == "pass" && !whole:
		r.passed++
	case e.Action == "pass":
		fmt.Printf("   ok  %s%s\n", name, time.Duration(e.Elapsed*float64(time.Second)).Round(100*time.Millisecond))
	case whole:
		fmt.Printf("   --  %sfailed\n", name)
		r.output += end(text)
	default:
		r.failed++
		r.output += text
	}
}

// end is what a failing package wrote last. What its tests wrote is told with
// them.
func end(text string) string {
	const most = 40
	lines := strings.SplitAfter(text, "\n")
	if len(lines) <= most {
		return text
	}
	return "[…]\n" + strings.Join(lines[len(lines)-most:], "")
}

func pluginTests(ctx context.Context, c *check) (report, error) {
	r, err := goTest(ctx, c.root, nil, "-race", "-count=1", "./...")
	for _, name := range r.ran[layout.Module] {
		// The interpreter's test command knows tests only.
		if strings.HasPrefix(name, "Test") {
			c.pluginTests = append(c.pluginTests, name)
		}
	}
	return r, err
}

// table is how the verdict table's summary begins.
const table = "verdict table: "

// archive is how the line begins that says how large a release would be.
const archive = "plugin archive: "

// interpreting are the packages that hold the interpreter in their own process. They
// run without the race detector, which finds races of the interpreter's own there:
// it builds its types when they are first used. The plugin's tests have it on.
var interpreting = []string{"./verdict", "./catalog", "./host", "./oracle", "./bench/...", "./traps/..."}

// alone are the packages with a step of their own: beside others they would
// starve, or starve those.
var alone = []string{"./compose/...", "./kubernetes/..."}

func e2eTests(ctx context.Context, c *check) (report, error) {
	own, err := output(ctx, c.e2e, "go", append([]string{"list"}, slices.Concat(interpreting, alone)...)...)
	if err != nil {
		return report{output: own}, err
	}
	all, err := output(ctx, c.e2e, "go", "list", "./...")
	if err != nil {
		return report{output: all}, err
	}
	args := []string{"-race", "-count=1", "-timeout=30m"}
	for _, pkg := range strings.Fields(all) {
		if !slices.Contains(strings.Fields(own), pkg) {
			args = append(args, pkg)
		}
	}
	r, err := goTest(ctx, c.e2e, nil, args...)
	rest, restErr := goTest(ctx, c.e2e, []string{table, archive}, append([]string{"-count=1", "-timeout=30m"}, interpreting...)...)
	r.passed += rest.passed
	r.failed += rest.failed
	r.output += rest.output
	r.note = rest.note
	return r, errors.Join(err, restErr)
}

func composeTests(ctx context.Context, c *check) (report, error) {
	return goTest(ctx, c.e2e, []string{"docker compose example: "}, "-count=1", "-timeout=20m", "./compose/...")
}

// kubernetesTests builds the API server first: that takes longer than a test
// may, and its progress would not be seen there.
func kubernetesTests(ctx context.Context, c *check) (report, error) {
	if _, err := kubernetes.Build(ctx, os.Stdout); err != nil {
		return report{}, err
	}
	return goTest(ctx, c.e2e, []string{"kubernetes example: "}, "-count=1", "-timeout=20m", "./kubernetes/...")
}

// fuzz runs every fuzz test of both modules, one after the other: go test
// fuzzes one at a time.
func fuzz(ctx context.Context, c *check) (report, error) {
	var r report
	for _, dir := range []string{c.root, c.e2e} {
		list, err := goTestList(ctx, dir)
		if err != nil {
			return r, err
		}
		for _, f := range list {
			// Without the limit on minimizing, the engine does little else.
			args := []string{"test", "-run=^$", "-fuzz=^" + f.name + "$", "-fuzztime=" + c.fuzztime.String(), "-fuzzminimizetime=10x", f.pkg}
			out, err := output(ctx, dir, "go", args...)
			if err != nil && endedByItsClock(out) {
				out, err = output(ctx, dir, "go", args...)
			}
			if err != nil {
				r.failed++
				r.output += out
				continue
			}
			r.passed++
			fmt.Printf("   ok  %s %s for %s\n", f.pkg, f.name, c.fuzztime)
		}
	}
	if r.passed+r.failed == 0 {
		return r, errors.New("there are no fuzz tests")
	}
	r.note = fmt.Sprintf("%d for %s each", r.passed, c.fuzztime)
	if r.failed > 0 {
		return r, fmt.Errorf("%d fuzz tests found something", r.failed)
	}
	return r, nil
}

// endedByItsClock reports whether a fuzz run failed for nothing but the end of its
// time, which the engine now and then calls an error. A find comes with its input.
func endedByItsClock(out string) bool {
	return strings.Contains(out, "context deadline exceeded") && !strings.Contains(out, "Failing input")
}

// fuzzTest is a fuzz test of a package.
type fuzzTest struct{ pkg, name string }

// goTestList finds the fuzz tests of a module.
func goTestList(ctx context.Context, dir string) ([]fuzzTest, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-json", "-list=^Fuzz", "./...")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list the fuzz tests: %w\n%s", err, out)
	}
	var list []fuzzTest
	for line := range bytes.Lines(out) {
		var e event
		if json.Unmarshal(line, &e) == nil && e.Action == "output" && strings.HasPrefix(e.Output, "Fuzz") {
			list = append(list, fuzzTest{e.Package, strings.TrimSpace(e.Output)})
		}
	}
	return list, nil
}
