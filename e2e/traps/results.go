package traps

import (
	"go/ast"
	"go/token"
	"go/types"
)

var _ = trap(&Trap{
	Name:    "named-result",
	Does:    "hands the caller's variable in as the result: it starts with what the last call left there, not with zero",
	Instead: "give the result no name and return a value at every return, or assign it in the function's first statements",
	check:   namedResult,
})

// namedResult finds named results that are read, or returned bare, without
// having been assigned at the top.
func namedResult(f *file) {
	f.functions(func(fn ast.Node, sig *types.Signature) {
		for i := 0; i < sig.Results().Len(); i++ {
			result := sig.Results().At(i)
			if result.Name() == "" || result.Name() == "_" || f.assignedFirst(body(fn), result) {
				continue
			}
			if at := f.readsResult(fn, result); at != nil {
				f.found(at, "%s may still hold what the last call returned", result.Name())
			}
		}
	})
}

// assignedFirst reports whether a result is assigned among the statements that
// open a block, before anything else can happen. A defer may stand between.
func (f *file) assignedFirst(block *ast.BlockStmt, result *types.Var) bool {
	for _, s := range block.List {
		switch s := s.(type) {
		case *ast.DeferStmt, *ast.DeclStmt:
		case *ast.AssignStmt:
			for i, l := range s.Lhs {
				if f.variable(l) != result || s.Tok != token.ASSIGN {
					continue
				}
				return len(s.Lhs) != len(s.Rhs) || !f.mentions(s.Rhs[i], result)
			}
		default:
			return false
		}
	}
	return false
}

// readsResult returns where a result's value counts, the first such place: a
// bare return, a use in an expression, an assignment that adds to it.
func (f *file) readsResult(fn ast.Node, result *types.Var) ast.Node {
	var at ast.Node
	ast.Inspect(body(fn), func(n ast.Node) bool {
		if at != nil {
			return false
		}
		switch n := n.(type) {
		case *ast.ReturnStmt:
			if inner, _ := f.function(n); inner == fn && len(n.Results) == 0 {
				at = n
			}
		case *ast.Ident:
			if f.TypesInfo.ObjectOf(n) == result && !f.onlyWritten(n) {
				at = n
			}
		}
		return true
	})
	return at
}

// onlyWritten reports whether an identifier stands on the left of a plain
// assignment.
func (f *file) onlyWritten(id *ast.Ident) bool {
	s, ok := f.parents[id].(*ast.AssignStmt)
	if !ok || s.Tok != token.ASSIGN {
		return false
	}
	for _, l := range s.Lhs {
		if l == ast.Expr(id) {
			return true
		}
	}
	return false
}

var _ = trap(&Trap{
	Name:    "recover-result",
	Does:    "leaves what the caller's variable held before as the result of a call that panicked and recovered: an old true stays true",
	Instead: "name every result and set each one where the function recovers, one assignment a line",
	check:   recoverResult,
})

// recoverResult finds functions that recover and do not set each result there.
func recoverResult(f *file) {
	f.functions(func(fn ast.Node, sig *types.Signature) {
		if sig.Results().Len() == 0 {
			return
		}
		for _, s := range body(fn).List {
			d, ok := s.(*ast.DeferStmt)
			if !ok {
				continue
			}
			handler, ok := ast.Unparen(d.Call.Fun).(*ast.FuncLit)
			if !ok || !f.recovers(handler.Body) {
				continue
			}
			for i := 0; i < sig.Results().Len(); i++ {
				result := sig.Results().At(i)
				if result.Name() == "" || result.Name() == "_" {
					f.found(d, "the function recovers, and result %d has no name", i)
					return
				}
				if !f.sets(handler.Body, result) {
					f.found(d, "the function recovers and does not set %s", result.Name())
					return
				}
			}
		}
	})
}

// recovers reports whether recover is called in a block itself, not in a
// function literal further in.
func (f *file) recovers(block *ast.BlockStmt) bool {
	found := false
	ast.Inspect(block, func(n ast.Node) bool {
		if _, ok := n.(*ast.FuncLit); ok {
			return false
		}
		if e, ok := n.(ast.Expr); ok && f.builtin(e) == "recover" {
			found = true
		}
		return true
	})
	return found
}

func (f *file) sets(block *ast.BlockStmt, v *types.Var) bool {
	found := false
	f.assignments(block, func(w *types.Var, _ ast.Node) { found = found || w == v })
	return found
}

var _ = trap(&Trap{
	Name:    "return-order",
	Does:    "writes the first result before it reads the operands of the next: return b, a gives b twice",
	Instead: "bind the values to variables first, or give the results no names",
	check:   returnOrder,
})

// returnOrder finds returns whose later operands read a named result that an
// earlier operand has overwritten.
func returnOrder(f *file) {
	each(f, func(r *ast.ReturnStmt) {
		_, sig := f.function(r)
		if sig == nil || len(r.Results) < 2 || len(r.Results) != sig.Results().Len() {
			return
		}
		for i := range r.Results {
			result := sig.Results().At(i)
			if result.Name() == "" || f.variable(r.Results[i]) == result {
				continue
			}
			for _, later := range r.Results[i+1:] {
				if f.mentions(later, result) {
					f.found(later, "it reads %s after it was written", result.Name())
					return
				}
			}
		}
	})
}

var _ = trap(&Trap{
	Name:    "return-builtin",
	Does:    "stores a builtin's value as the first result, wherever it stands: both become that value, or it panics",
	Instead: "bind it first: n := len(s); return x, n",
	check:   returnBuiltin,
})

// returnBuiltin finds builtin calls among a return's operands after the first.
func returnBuiltin(f *file) {
	each(f, func(r *ast.ReturnStmt) {
		for i, e := range r.Results {
			name := f.builtin(e)
			if i > 0 && name != "" && f.TypesInfo.Types[e].Value == nil {
				f.found(e, "%s is result %d of a return", name, i+1)
			}
		}
	})
}

var _ = trap(&Trap{
	Name:    "return-receive",
	Does:    "panics",
	Instead: "bind it first: v := <-ch; return v",
	check: func(f *file) {
		each(f, func(r *ast.ReturnStmt) {
			for _, e := range r.Results {
				if isReceive(e) {
					f.found(e, "a receive is returned")
				}
			}
		})
	},
})

// isReceive reports whether an expression is <-ch.
func isReceive(e ast.Expr) bool {
	u, ok := ast.Unparen(e).(*ast.UnaryExpr)
	return ok && u.Op == token.ARROW
}

var _ = trap(&Trap{
	Name:    "return-convert",
	Does:    "loses the other results, the error among them, when one of them changes its type on the way",
	Instead: "bind the results, look at the error, and return them one by one",
	check:   returnConvert,
})

// returnConvert finds return f() where f has several results and not exactly
// the types that the function itself returns.
func returnConvert(f *file) {
	each(f, func(r *ast.ReturnStmt) {
		_, sig := f.function(r)
		if sig == nil || len(r.Results) != 1 || sig.Results().Len() < 2 {
			return
		}
		got, ok := f.TypesInfo.TypeOf(r.Results[0]).(*types.Tuple)
		if !ok {
			return
		}
		for i := 0; i < got.Len(); i++ {
			if want := sig.Results().At(i).Type(); !types.Identical(got.At(i).Type(), want) {
				f.found(r, "result %d becomes %s on the way", i+1, types.TypeString(want, types.RelativeTo(f.Pkg)))
				return
			}
		}
	})
}
