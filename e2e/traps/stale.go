package traps

import (
	"go/ast"
	"go/token"
	"go/types"
)

var _ = trap(&Trap{
	Name:    "stale-value",
	Does:    "keeps the value of the time before when there is none: ok is false, and the variable still holds the last list, rule or text",
	Instead: "look at ok first, or assert in a function of its own, which starts afresh",
	check:   staleValue,
})

// staleValue finds v, ok := x.(T) and v, ok := m[k] that can run twice in one
// call of their function, or that assign with =, where v is used without ok
// having been looked at.
func staleValue(f *file) {
	each(f, func(s *ast.AssignStmt) {
		if len(s.Lhs) != 2 || len(s.Rhs) != 1 || isBlank(s.Lhs[0]) || !f.isCommaOK(s.Rhs[0]) {
			return
		}
		if s.Tok == token.DEFINE && !f.repeats(s) {
			return
		}
		v, ok := f.variable(s.Lhs[0]), f.variable(s.Lhs[1])
		if v == nil || ok == nil || isBlank(s.Lhs[1]) {
			f.found(s, "the value is kept without a look at ok")
			return
		}
		fn, _ := f.function(s)
		if fn == nil {
			return
		}
		within(body(fn), func(id *ast.Ident) {
			if f.TypesInfo.ObjectOf(id) != v || id.Pos() < s.End() || f.onlyWritten(id) {
				return
			}
			if f.reassigned(v, s, id) || f.guarded(id, ok, s) {
				return
			}
			f.found(id, "%s is used where %s may be false", id.Name, ok.Name())
		})
	})
}

// isCommaOK reports whether an expression is a type assertion or a map's
// element. A receive does give zero.
func (f *file) isCommaOK(e ast.Expr) bool {
	if _, ok := ast.Unparen(e).(*ast.TypeAssertExpr); ok {
		return true
	}
	return f.isMapElement(e)
}

// reassigned reports whether a plain assignment to v stands between the
// comma-ok statement and a use, in a block around the use.
func (f *file) reassigned(v *types.Var, s ast.Stmt, use ast.Node) bool {
	for n := ast.Node(use); n != nil; n = f.parents[n] {
		for _, before := range f.statementsBefore(n) {
			if before.Pos() <= s.Pos() {
				continue
			}
			a, ok := before.(*ast.AssignStmt)
			if ok && a.Tok == token.ASSIGN && len(a.Lhs) == 1 && f.variable(a.Lhs[0]) == v {
				return true
			}
		}
	}
	return false
}

// statementsBefore are those before a node in its own list, the nearest last.
func (f *file) statementsBefore(n ast.Node) []ast.Stmt {
	var list []ast.Stmt
	switch p := f.parents[n].(type) {
	case *ast.BlockStmt:
		list = p.List
	case *ast.CaseClause:
		list = p.Body
	case *ast.CommClause:
		list = p.Body
	default:
		return nil
	}
	for i, s := range list {
		if ast.Node(s) == n {
			return list[:i]
		}
	}
	return nil
}

// guarded reports whether a use can only be reached with ok true: it stands in
// if ok { … }, right of ok &&, or after if !ok { leave }.
func (f *file) guarded(use ast.Node, ok *types.Var, s ast.Stmt) bool {
	for n := use; n != nil && n != ast.Node(s); n = f.parents[n] {
		switch p := f.parents[n].(type) {
		case *ast.IfStmt:
			if n == ast.Node(p.Body) && f.implies(p.Cond, ok, true) {
				return true
			}
			if n == ast.Node(p.Else) && f.implies(p.Cond, ok, false) {
				return true
			}
		case *ast.CaseClause:
			if len(p.List) == 1 && p.List[0] != n && f.implies(p.List[0], ok, true) {
				return true
			}
		case *ast.BinaryExpr:
			if p.Y == n && (p.Op == token.LAND && f.implies(p.X, ok, true) || p.Op == token.LOR && f.implies(p.X, ok, false)) {
				return true
			}
		}
		for _, before := range f.statementsBefore(n) {
			i, isIf := before.(*ast.IfStmt)
			if isIf && i.Pos() > s.Pos() && f.implies(i.Cond, ok, false) && leaves(i.Body) {
				return true
			}
		}
	}
	return false
}

// implies reports whether ok is true when a condition has the given outcome.
func (f *file) implies(cond ast.Expr, ok *types.Var, outcome bool) bool {
	switch c := ast.Unparen(cond).(type) {
	case *ast.Ident:
		return outcome && f.variable(c) == ok
	case *ast.UnaryExpr:
		return c.Op == token.NOT && f.implies(c.X, ok, !outcome)
	case *ast.BinaryExpr:
		if c.Op == token.LAND && outcome || c.Op == token.LOR && !outcome {
			return f.implies(c.X, ok, outcome) || f.implies(c.Y, ok, outcome)
		}
	}
	return false
}

// leaves reports whether a block ends by leaving: return, continue, break,
// goto or panic.
func leaves(b *ast.BlockStmt) bool {
	if len(b.List) == 0 {
		return false
	}
	switch s := b.List[len(b.List)-1].(type) {
	case *ast.ReturnStmt, *ast.BranchStmt:
		return true
	case *ast.ExprStmt:
		call, ok := s.X.(*ast.CallExpr)
		if !ok {
			return false
		}
		id, ok := call.Fun.(*ast.Ident)
		return ok && id.Name == "panic"
	}
	return false
}
