package traps

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"
)

// The test binary runs itself with this variable set to interpret one snippet,
// so that a snippet may end its process.
const interpretVariable = "TRAPS_INTERPRET"

func TestMain(m *testing.M) {
	if snippet := os.Getenv(interpretVariable); snippet != "" {
		fmt.Println(interpret(os.Getenv("TRAPS_GOPATH"), snippet))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// traefiksTransport stands for what Traefik's process keeps in net/http.
type traefiksTransport struct{}

func (traefiksTransport) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("sent by traefik's transport")
}

// interpret runs a snippet as Traefik runs a plugin and tells what came out.
func interpret(gopath, snippet string) string {
	http.DefaultClient.Timeout = 7 * time.Second
	http.DefaultTransport = traefiksTransport{}
	i := interp.New(interp.Options{GoPath: gopath, Env: os.Environ()})
	if err := i.Use(stdlib.Symbols); err != nil {
		return "refused: " + err.Error()
	}
	if _, err := i.Eval(fmt.Sprintf("import %q", "snippets/"+snippet)); err != nil {
		return "refused: " + firstLine(err.Error())
	}
	said, err := i.Eval(filepath.Base(snippet) + ".Run()")
	if err != nil {
		return "panicked: " + firstLine(err.Error())
	}
	return "said: " + said.String()
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// table is the trap that shows in tests only; its snippets are tests.
const table = "parallel"

// snippets lists the folders below testdata: by trap, then by variant.
func snippets(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("testdata/*/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for _, file := range files {
		dir := filepath.Dir(file)
		name := filepath.Base(filepath.Dir(dir))
		all[name] = append(all[name], filepath.Base(dir))
	}
	return all
}

func TestEveryTrapHasSnippets(t *testing.T) {
	all := snippets(t)
	for _, trap := range All() {
		variants := strings.Join(all[trap.Name], " ") + " "
		if !strings.Contains(variants, "bad ") || !strings.Contains(variants, "good ") {
			t.Errorf("%s: testdata has %q, want bad and good", trap.Name, variants)
		}
		delete(all, trap.Name)
	}
	for name := range all {
		t.Errorf("testdata/%s belongs to no trap", name)
	}
}

// TestCheckerFindsTheSnippets compares the findings with the lines marked
// "// want NAME". A good snippet marks none.
func TestCheckerFindsTheSnippets(t *testing.T) {
	var patterns []string
	want := map[string]bool{}
	for name, variants := range snippets(t) {
		for _, variant := range variants {
			dir := filepath.Join("testdata", name, variant)
			patterns = append(patterns, "./"+dir)
			file := filepath.Join(dir, variant+".go")
			if name == table {
				file = filepath.Join(dir, variant+"_test.go")
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			marked := 0
			for i, line := range strings.Split(string(text), "\n") {
				if _, trap, ok := strings.Cut(line, "// want "); ok {
					want[fmt.Sprintf("%s:%d: %s", file, i+1, trap)] = true
					marked++
				}
			}
			if (marked == 0) != (variant == "good") {
				t.Errorf("%s marks %d lines", file, marked)
			}
		}
	}
	findings, err := check(".", true, patterns...)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		line := fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Trap)
		if !want[line] {
			t.Errorf("unexpected finding %s:%d: %s", f.File, f.Line, f.Message)
		}
		delete(want, line)
	}
	for line := range want {
		t.Errorf("not found: %s", line)
	}
}

// alike are the traps that compiled Go falls into too; what matters is that
// they end Traefik's process.
var alike = map[string]bool{"goroutine-recover": true}

// TestTheInterpreterDiffers proves every trap: each bad snippet comes out
// differently in the interpreter, each good one does not.
func TestTheInterpreterDiffers(t *testing.T) {
	compiled := build(t)
	gopath := gopath(t)
	for name, variants := range snippets(t) {
		if name == table {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plain := map[string]string{}
			for _, variant := range variants {
				snippet := name + "/" + variant
				inGo := outcome(t, exec.Command(compiled, snippet))
				self := exec.Command(os.Args[0])
				self.Env = append(os.Environ(), interpretVariable+"="+snippet, "TRAPS_GOPATH="+gopath)
				inYaegi := outcome(t, self)
				plain[variant] = inGo
				t.Logf("%-12s compiled %s; interpreted %s", variant, inGo, inYaegi)
				switch {
				case variant == "good":
					if inGo != inYaegi || !strings.HasPrefix(inGo, "said: ") {
						t.Errorf("%s: compiled %s, interpreted %s", snippet, inGo, inYaegi)
					}
				case alike[name]:
					if !strings.HasPrefix(inYaegi, "died: ") {
						t.Errorf("%s: interpreted %s, want a dead process", snippet, inYaegi)
					}
				case inGo == inYaegi || !strings.HasPrefix(inGo, "said: "):
					t.Errorf("%s is no trap: compiled %s, interpreted %s", snippet, inGo, inYaegi)
				}
			}
			if !alike[name] && plain["good"] != plain["bad"] {
				t.Errorf("good gives %s, and bad compiled %s", plain["good"], plain["bad"])
			}
		})
	}
}

// TestAParallelTablePasses runs two tables that must fail: in the interpreter
// the parallel one passes.
func TestAParallelTablePasses(t *testing.T) {
	yaegi := filepath.Join(t.TempDir(), "yaegi")
	if out, err := exec.Command("go", "build", "-o", yaegi, "github.com/traefik/yaegi/cmd/yaegi").CombinedOutput(); err != nil {
		t.Fatalf("build yaegi: %v\n%s", err, out)
	}
	for _, tt := range []struct {
		variant string
		cmd     *exec.Cmd
		passes  bool
	}{
		{"bad", exec.Command("go", "test", "."), false},
		{"good", exec.Command("go", "test", "."), false},
		{"bad", exec.Command(yaegi, "test", "."), true},
		{"good", exec.Command(yaegi, "test", "."), false},
	} {
		tt.cmd.Dir = filepath.Join("testdata", table, tt.variant)
		out, err := tt.cmd.CombinedOutput()
		if passed := err == nil; passed != tt.passes {
			t.Errorf("%s: %s passed: %v, want %v\n%s", tt.variant, tt.cmd, passed, tt.passes, out)
		}
		if !tt.passes && !bytes.Contains(out, []byte("must_fail")) {
			t.Errorf("%s: %s did not fail at the row that must fail\n%s", tt.variant, tt.cmd, out)
		}
	}
}

// outcome runs a command that prints one line.
func outcome(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var out, complaint bytes.Buffer
	timed := exec.CommandContext(ctx, cmd.Path, cmd.Args[1:]...)
	timed.Env = cmd.Env
	timed.Stdout = &out
	timed.Stderr = &complaint
	err := timed.Run()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if ctx.Err() != nil {
		return "hung"
	}
	if err != nil {
		return "died: " + firstLine(complaint.String())
	}
	return lines[len(lines)-1]
}

// build compiles all snippets into one program that runs the one it is told.
// Its main package exists in an overlay only.
func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for name, variants := range snippets(t) {
		for _, variant := range variants {
			if name != table {
				paths = append(paths, name+"/"+variant)
			}
		}
	}
	sort.Strings(paths)
	var source bytes.Buffer
	source.WriteString("package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n")
	for i, path := range paths {
		fmt.Fprintf(&source, "\ts%d %q\n", i, "github.com/labs64/traefik-authproxy/e2e/traps/testdata/"+path)
	}
	source.WriteString(")\n\nfunc main() {\n\tall := map[string]func() string{\n")
	for i, path := range paths {
		fmt.Fprintf(&source, "\t\t%q: s%d.Run,\n", path, i)
	}
	source.WriteString("\t}\n\tfmt.Println(\"said: \" + all[os.Args[1]]())\n}\n")

	generated := filepath.Join(dir, "main.go")
	if err := os.WriteFile(generated, source.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	place, err := filepath.Abs("testdata/main.go")
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {place: generated}})
	if err != nil {
		t.Fatal(err)
	}
	overlayFile := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlayFile, overlay, 0o644); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "snippets")
	if out, err := exec.Command("go", "build", "-overlay", overlayFile, "-o", program, place).CombinedOutput(); err != nil {
		t.Fatalf("build the snippets: %v\n%s", err, out)
	}
	return program
}

// gopath lays the snippets and golang-jwt out as the interpreter looks for
// them.
func gopath(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", jwtPath).Output()
	if err != nil {
		t.Fatalf("find %s: %v", jwtPath, err)
	}
	testdata, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	link := func(target, path string) {
		t.Helper()
		place := filepath.Join(dir, "src", filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, place); err != nil {
			t.Fatal(err)
		}
	}
	link(testdata, "snippets")
	link(strings.TrimSpace(string(out)), jwtPath)
	return dir
}
