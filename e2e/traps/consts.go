package traps

import (
	"go/ast"
	"go/token"
	"go/types"
)

var _ = trap(&Trap{
	Name:    "untyped-shift",
	Does:    "takes the 1 of 1<<n for an int and panics where the other side is of another type",
	Instead: "write the type: uint64(1)<<n",
	check: func(f *file) {
		each(f, func(b *ast.BinaryExpr) {
			if b.Op != token.SHL || f.TypesInfo.Types[b].Value != nil {
				return
			}
			if _, ok := ast.Unparen(b.X).(*ast.BasicLit); !ok {
				return
			}
			if t, ok := f.TypesInfo.TypeOf(b).Underlying().(*types.Basic); ok && t.Kind() != types.Int {
				f.found(b, "an untyped constant is shifted to a %s", t)
			}
		})
	},
})

var _ = trap(&Trap{
	Name:    "iota-pair",
	Does:    "does not load",
	Instead: "one constant a line",
	check: func(f *file) {
		each(f, func(d *ast.GenDecl) {
			if d.Tok != token.CONST {
				return
			}
			for _, s := range d.Specs {
				if v := s.(*ast.ValueSpec); len(v.Names) > 1 && len(v.Values) == 0 {
					f.found(v, "several constants repeat the line above")
				}
			}
		})
	},
})

var _ = trap(&Trap{
	Name:    "init-order",
	Does:    "initializes package variables as they stand: a function sees those further down as zero",
	Instead: "declare before use, or fill in from init",
	check:   initOrder,
})

// initOrder finds package variables whose initial value calls functions of the
// package that read variables declared later.
func initOrder(f *file) {
	for _, d := range f.root.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, s := range g.Specs {
			v := s.(*ast.ValueSpec)
			for _, value := range v.Values {
				if late := f.readsLater(value, v.Pos(), map[*types.Func]bool{}); late != nil {
					f.found(v, "its value depends on %s, which is declared after it", late.Name())
				}
			}
		}
	}
}

// readsLater returns a package variable that is declared with a value after a
// position and that the functions called below a node read. Files come in the
// order of their names, which is that of their positions.
func (f *file) readsLater(n ast.Node, pos token.Pos, seen map[*types.Func]bool) *types.Var {
	var late *types.Var
	within(n, func(id *ast.Ident) {
		fn, ok := f.TypesInfo.Uses[id].(*types.Func)
		if !ok || seen[fn] || fn.Pkg() != f.Pkg || late != nil {
			return
		}
		seen[fn] = true
		decl := f.declaration(fn)
		if decl == nil || decl.Body == nil {
			return
		}
		within(decl.Body, func(id *ast.Ident) {
			v, ok := f.TypesInfo.Uses[id].(*types.Var)
			if ok && v.Pkg() == f.Pkg && v.Parent() == f.Pkg.Scope() && v.Pos() > pos && f.initialized(v) {
				late = v
			}
		})
		if late == nil {
			late = f.readsLater(decl.Body, pos, seen)
		}
	})
	return late
}

// initialized reports whether a package variable is declared with a value.
func (f *file) initialized(v *types.Var) bool {
	for _, i := range f.TypesInfo.InitOrder {
		for _, l := range i.Lhs {
			if l == v {
				return true
			}
		}
	}
	return false
}
