package traps

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWaivers checks that a waiver needs the trap's name and a reason, holds
// for its own line only, and is reported when it waives nothing.
func TestWaivers(t *testing.T) {
	const head = "package p\n\nfunc f(list []string) (int, int) {\n"
	for _, tt := range []struct {
		name, body string
		want       []string // in the order of the lines
	}{
		{"none", "return 7, len(list)", []string{"return-builtin: "}},
		{"waived", "return 7, len(list) //traps:ok return-builtin: nobody reads the first", nil},
		{"without a reason", "return 7, len(list) //traps:ok return-builtin", []string{"return-builtin: ", "waiver: gives no reason"}},
		{"with an empty reason", "return 7, len(list) //traps:ok return-builtin:  ", []string{"return-builtin: ", "waiver: gives no reason"}},
		{"of no trap", "return 7, len(list) //traps:ok return-length: why", []string{"return-builtin: ", "waiver: names no trap"}},
		{"without a name", "return 7, len(list) //traps:ok", []string{"return-builtin: ", "waiver: names no trap"}},
		{"misspelt", "return 7, len(list) //traps:okay return-builtin: why", []string{"return-builtin: ", "waiver: names no trap"}},
		{"of another trap", "return 7, len(list) //traps:ok return-receive: why", []string{"return-builtin: ", "waiver: nothing here is return-receive"}},
		{"of another line", "//traps:ok return-builtin: why\nreturn 7, len(list)", []string{"waiver: nothing here is return-builtin", "return-builtin: "}},
		{"unused", "n := len(list)\nreturn 7, n //traps:ok return-builtin: why", []string{"waiver: nothing here is return-builtin"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range map[string]string{
				"go.mod": "module example.org/p\n\ngo 1.21\n",
				"p.go":   head + tt.body + "\n}\n",
			} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			findings, err := Check(dir, false)
			if err != nil {
				t.Fatal(err)
			}
			if len(findings) != len(tt.want) {
				t.Fatalf("found %v, want %q", findings, tt.want)
			}
			for i, f := range findings {
				if f.File != "p.go" || !strings.HasPrefix(f.Message, tt.want[i]) {
					t.Errorf("found %s:%d: %s, want %q", f.File, f.Line, f.Message, tt.want[i])
				}
			}
		})
	}
}

// TestTestsAreChecked looks at a package's tests only when asked, and there
// only for what matters there.
func TestTestsAreChecked(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.org/p\n\ngo 1.21\n",
		"p.go":   "package p\n",
		"p_test.go": "package p\n\nimport \"testing\"\n\nfunc two(l []string) (int, int) { return 7, len(l) }\n\n" +
			"func TestP(t *testing.T) {\n\tfor _, n := range []string{\"a\"} {\n\t\tt.Run(n, func(t *testing.T) { t.Parallel() })\n\t}\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for tests, want := range map[bool]int{false: 0, true: 1} {
		findings, err := Check(dir, tests)
		if err != nil {
			t.Fatal(err)
		}
		if len(findings) != want || want == 1 && findings[0].Trap != "parallel" {
			t.Errorf("tests: %v: found %v, want %d", tests, findings, want)
		}
	}
}

func TestABrokenPackageIsAnError(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.org/p\n\ngo 1.21\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "p.go"), []byte("package p\n\nvar x int = \"text\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Check(dir, false); err == nil {
		t.Error("a package that does not compile has no findings")
	}
	if _, err := Check(filepath.Join(dir, "nowhere"), false); err == nil {
		t.Error("a folder that is not there has no findings")
	}
}
