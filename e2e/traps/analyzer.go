package traps

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// Analyzer reports every trap in a package's sources, and in its tests those
// that matter there.
var Analyzer = &analysis.Analyzer{
	Name: "traps",
	Doc:  "report code that yaegi v0.16.1 runs differently from compiled Go",
	URL:  "https://pkg.go.dev/github.com/labs64/traefik-authproxy/e2e/traps",
	Run:  run,
}

func run(pass *analysis.Pass) (any, error) {
	parents := map[ast.Node]ast.Node{}
	for _, f := range pass.Files {
		connect(f, parents)
	}
	for _, f := range pass.Files {
		c := &file{Pass: pass, root: f, parents: parents, waivers: waivers(pass.Fset, f)}
		test := strings.HasSuffix(pass.Fset.File(f.FileStart).Name(), "_test.go")
		for _, t := range registered {
			if test && !t.InTests {
				continue
			}
			c.trap = t
			t.check(c)
		}
		c.reportWaivers()
	}
	return nil, nil
}

// connect notes the parent of every node.
func connect(root ast.Node, parents map[ast.Node]ast.Node) {
	var open []ast.Node
	ast.Inspect(root, func(n ast.Node) bool {
		if n == nil {
			open = open[:len(open)-1]
			return true
		}
		if len(open) > 0 {
			parents[n] = open[len(open)-1]
		}
		open = append(open, n)
		return true
	})
}

// file is one source file under one trap's eyes.
type file struct {
	*analysis.Pass
	root    *ast.File
	parents map[ast.Node]ast.Node
	trap    *Trap
	waivers map[int]*waiver // by line
}

// found reports the current trap at a node. What is said there in a few words,
// before what the interpreter makes of it.
func (f *file) found(at ast.Node, what string, args ...any) {
	position := f.Fset.Position(at.Pos())
	w := f.waivers[position.Line]
	if w != nil && w.trap == f.trap.Name && w.reason != "" {
		w.used = true
		return
	}
	f.Report(analysis.Diagnostic{
		Pos:      at.Pos(),
		End:      at.End(),
		Category: f.trap.Name,
		Message: fmt.Sprintf("%s: %s; the interpreter %s; instead: %s",
			f.trap.Name, fmt.Sprintf(what, args...), f.trap.Does, f.trap.Instead),
	})
}

// waiver is a comment that lets one trap pass on its line.
type waiver struct {
	pos    token.Pos
	trap   string
	reason string
	used   bool
}

var waiverText = regexp.MustCompile(`^//traps:ok(?:\s+([a-z-]+))?(?::\s*(.*))?\s*$`)

func waivers(fset *token.FileSet, f *ast.File) map[int]*waiver {
	found := map[int]*waiver{}
	for _, group := range f.Comments {
		for _, c := range group.List {
			if !strings.HasPrefix(c.Text, "//traps:") {
				continue
			}
			w := &waiver{pos: c.Pos()}
			if m := waiverText.FindStringSubmatch(c.Text); m != nil {
				w.trap, w.reason = m[1], strings.TrimSpace(m[2])
			}
			found[fset.Position(c.Pos()).Line] = w
		}
	}
	return found
}

func (f *file) reportWaivers() {
	for _, w := range f.waivers {
		switch {
		case !known(w.trap):
			f.Reportf(w.pos, "waiver: names no trap; write //traps:ok NAME: REASON")
		case w.reason == "":
			f.Reportf(w.pos, "waiver: gives no reason; write //traps:ok %s: REASON", w.trap)
		case !w.used:
			f.Reportf(w.pos, "waiver: nothing here is %s; take the comment away", w.trap)
		}
	}
}

func known(name string) bool {
	for _, t := range registered {
		if t.Name == name {
			return true
		}
	}
	return false
}
