package traps

import (
	"go/ast"
	"go/types"
)

var _ = trap(&Trap{
	Name:    "goroutine-recover",
	Does:    "ends Traefik when it panics, as Go does: nobody else recovers there",
	Instead: "begin the function with a deferred recover",
	check:   goroutineRecover,
})

// goroutineRecover finds go statements and timers' callbacks whose function
// does not recover itself.
func goroutineRecover(f *file) {
	each(f, func(g *ast.GoStmt) {
		if !f.recoversItself(g.Call.Fun) {
			f.found(g, "a goroutine does not recover")
		}
	})
	each(f, func(c *ast.CallExpr) {
		timer := f.isCall(c, "time", "AfterFunc") || f.isCall(c, "context", "AfterFunc") || f.isCall(c, "sync", "Go")
		if timer && !f.recoversItself(c.Args[len(c.Args)-1]) {
			f.found(c, "a callback that runs on a goroutine of its own does not recover")
		}
	})
}

// recoversItself reports whether a function, literal, of this package, or made
// by a function of this package, recovers before anything that may panic.
func (f *file) recoversItself(fun ast.Expr) bool {
	switch fun := ast.Unparen(fun).(type) {
	case *ast.FuncLit:
		return f.opensWithRecover(fun.Body)
	case *ast.CallExpr:
		return f.makesRecovering(fun)
	}
	if isNamed(f.TypesInfo.TypeOf(fun), "context", "CancelFunc") {
		return true // compiled, and does not panic
	}
	obj, ok := f.object(fun).(*types.Func)
	if !ok {
		return false
	}
	decl := f.declaration(obj)
	return decl != nil && decl.Body != nil && f.opensWithRecover(decl.Body)
}

// makesRecovering reports whether a call's function returns function literals
// that recover, and nothing else.
func (f *file) makesRecovering(call *ast.CallExpr) bool {
	fn := f.called(call)
	if fn == nil {
		return false
	}
	decl := f.declaration(fn)
	if decl == nil || decl.Body == nil {
		return false
	}
	all, any := true, false
	within(decl.Body, func(r *ast.ReturnStmt) {
		if around, _ := f.function(r); around != ast.Node(decl) || len(r.Results) != 1 {
			return
		}
		any = true
		lit, ok := ast.Unparen(r.Results[0]).(*ast.FuncLit)
		all = all && ok && f.opensWithRecover(lit.Body)
	})
	return any && all
}

// opensWithRecover reports whether a deferred recover comes first in a block.
// Other defers and plain declarations may stand before it.
func (f *file) opensWithRecover(block *ast.BlockStmt) bool {
	for _, s := range block.List {
		switch s := s.(type) {
		case *ast.DeferStmt:
			if f.deferredRecover(s) {
				return true
			}
		case *ast.DeclStmt:
		case *ast.AssignStmt:
			if !f.harmless(s) {
				return false
			}
		default:
			return false
		}
	}
	return false
}

func (f *file) deferredRecover(d *ast.DeferStmt) bool {
	if lit, ok := ast.Unparen(d.Call.Fun).(*ast.FuncLit); ok {
		return f.recovers(lit.Body)
	}
	fn := f.called(d.Call)
	if fn == nil {
		return false
	}
	decl := f.declaration(fn)
	return decl != nil && decl.Body != nil && f.recovers(decl.Body)
}

// harmless reports whether a statement declares variables from what cannot
// panic: literals, names, fields of names, and calls of compiled functions.
func (f *file) harmless(s *ast.AssignStmt) bool {
	ok := true
	for _, e := range s.Rhs {
		ast.Inspect(e, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				fn := f.called(n)
				ok = ok && fn != nil && standard(fn.Pkg())
			case *ast.IndexExpr, *ast.StarExpr, *ast.SliceExpr, *ast.TypeAssertExpr:
				ok = false
			}
			return true
		})
	}
	return ok
}

// declaration is where a function of the package is declared.
func (f *file) declaration(obj *types.Func) *ast.FuncDecl {
	for _, root := range f.Files {
		for _, d := range root.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && f.TypesInfo.Defs[fn.Name] == obj {
				return fn
			}
		}
	}
	return nil
}

var _ = trap(&Trap{
	Name:    "parallel",
	Does:    "runs the last row only, as often as there are rows, and it passes",
	Instead: "leave t.Parallel out",
	InTests: true,
	check: func(f *file) {
		each(f, func(c *ast.CallExpr) {
			if f.isCall(c, "testing", "Parallel") && f.inLoop(c) {
				f.found(c, "t.Parallel in a table")
			}
		})
	},
})

// inLoop reports whether a node stands in a loop of any function around it.
func (f *file) inLoop(n ast.Node) bool {
	for n = f.parents[n]; n != nil; n = f.parents[n] {
		switch n.(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			return true
		}
	}
	return false
}
