package traps

import (
	"strings"
	"testing"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"
)

// TestLoadedGenerics calls each generic function that the checker lets pass,
// in the interpreter.
func TestLoadedGenerics(t *testing.T) {
	calls := map[string]string{
		"cmp.Compare":         `cmp.Compare(1, 2) == -1`,
		"cmp.Less":            `cmp.Less(1, 2)`,
		"slices.Contains":     `slices.Contains([]string{"a"}, "a") && !slices.Contains([]string{"a"}, "b")`,
		"slices.ContainsFunc": `slices.ContainsFunc([]string{"a"}, func(s string) bool { return s == "a" })`,
		"slices.Index":        `slices.Index([]string{"a", "b"}, "b") == 1`,
		"slices.IndexFunc":    `slices.IndexFunc([]string{"a", "b"}, func(s string) bool { return s == "b" }) == 1`,
	}
	for name := range loadedGenerics {
		call, ok := calls[name]
		if !ok {
			t.Errorf("%s is let pass and never tried", name)
			continue
		}
		pkg, _, _ := strings.Cut(name, ".")
		i := interp.New(interp.Options{})
		if err := i.Use(stdlib.Symbols); err != nil {
			t.Fatal(err)
		}
		if _, err := i.Eval("package p\n\nimport \"" + pkg + "\"\n\nfunc Run() bool { return " + call + " }\n"); err != nil {
			t.Errorf("%s does not load: %v", name, err)
			continue
		}
		right, err := i.Eval("p.Run()")
		if err != nil || !right.Bool() {
			t.Errorf("%s: %v, %v", name, right, err)
		}
	}
}
