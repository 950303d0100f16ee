package traps

import (
	"errors"
	"fmt"
	"go/token"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"
)

// Finding is one place in a package.
type Finding struct {
	File    string // relative to the folder checked
	Line    int
	Trap    string // the trap's name; empty for a waiver that does not hold
	Message string
}

// Check looks for traps in the package in a folder, with tests in its tests
// too. The findings come sorted by place, each once.
func Check(dir string, tests bool) ([]Finding, error) {
	return check(dir, tests, ".")
}

func check(dir string, tests bool, patterns ...string) ([]Finding, error) {
	fset := token.NewFileSet()
	pkgs, err := packages.Load(&packages.Config{
		Mode:  packages.LoadAllSyntax,
		Dir:   dir,
		Fset:  fset,
		Tests: tests,
	}, patterns...)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", dir, err)
	}
	if len(pkgs) == 0 {
		return nil, fmt.Errorf("no package in %s", dir)
	}
	// The test binary's own main package is generated.
	pkgs = slices.DeleteFunc(pkgs, func(pkg *packages.Package) bool { return strings.HasSuffix(pkg.ID, ".test") })
	for _, pkg := range pkgs {
		var all []error
		for _, e := range pkg.Errors {
			all = append(all, e)
		}
		if err := errors.Join(all...); err != nil {
			return nil, fmt.Errorf("load %s: %w", pkg.PkgPath, err)
		}
	}
	graph, err := checker.Analyze([]*analysis.Analyzer{Analyzer}, pkgs, nil)
	if err != nil {
		return nil, err
	}
	base, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	seen := map[Finding]bool{}
	var all []Finding
	for _, root := range graph.Roots {
		if root.Err != nil {
			return nil, fmt.Errorf("check %s: %w", root.Package.PkgPath, root.Err)
		}
		for _, d := range root.Diagnostics {
			at := fset.Position(d.Pos)
			name, err := filepath.Rel(base, at.Filename)
			if err != nil {
				return nil, err
			}
			f := Finding{File: name, Line: at.Line, Trap: d.Category, Message: d.Message}
			if !seen[f] {
				seen[f] = true
				all = append(all, f)
			}
		}
	}
	sort.Slice(all, func(i, j int) bool {
		a, b := all[i], all[j]
		if a.File != b.File {
			return a.File < b.File
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Message < b.Message
	})
	return all, nil
}
