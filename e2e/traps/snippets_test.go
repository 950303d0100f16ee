package traps

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"
)

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// module is this package's import path.
const module = "github.com/labs64/traefik-authproxy/e2e/traps"

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
	program := build(t)
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
				inGo := outcome(t, program, snippet)
				inYaegi := outcome(t, program, snippet, gopath)
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

// outcome runs the program that build makes.
func outcome(t *testing.T, program string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	var out, complaint bytes.Buffer
	cmd.Stdout = &out
	cmd.Stderr = &complaint
	err := cmd.Run()
	if ctx.Err() != nil {
		return "hung"
	}
	if err != nil {
		return "died: " + firstLine(complaint.String())
	}
	return strings.TrimSpace(out.String())
}

// build compiles all snippets into one program, which runs the one that its
// first argument names: compiled, or interpreted where a second argument is the
// GOPATH. Its main package exists in an overlay only.
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
	fmt.Fprintf(&source, "\t%q\n", module+"/interpret")
	for i, path := range paths {
		fmt.Fprintf(&source, "\ts%d %q\n", i, module+"/testdata/"+path)
	}
	source.WriteString(")\n\nfunc main() {\n\tall := map[string]func() string{\n")
	for i, path := range paths {
		fmt.Fprintf(&source, "\t\t%q: s%d.Run,\n", path, i)
	}
	source.WriteString("\t}\n\tif len(os.Args) > 2 {\n\t\tfmt.Println(interpret.Snippet(os.Args[2], \"snippets/\"+os.Args[1]))\n\t\treturn\n\t}\n" +
		"\tfmt.Println(\"said: \" + all[os.Args[1]]())\n}\n")

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
