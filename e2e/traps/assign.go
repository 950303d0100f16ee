package traps

import (
	"go/ast"
	"go/token"
	"go/types"
)

var _ = trap(&Trap{
	Name:    "tuple-assign",
	Does:    "drops the other assignments of the statement and keeps those variables as they were",
	Instead: "one assignment a line",
	check:   tupleAssign,
})

// tupleAssign finds a, b = x, y where one of the right-hand values is a call, a
// composite literal or a receive. Calls alone, of exactly the types of their
// variables, are right.
func tupleAssign(f *file) {
	each(f, func(s *ast.AssignStmt) {
		if s.Tok != token.ASSIGN || len(s.Lhs) < 2 || len(s.Lhs) != len(s.Rhs) {
			return
		}
		calls, direct := 0, ast.Node(nil)
		for i, e := range s.Rhs {
			switch x := ast.Unparen(e).(type) {
			case *ast.CallExpr:
				if f.converts(x) {
					continue
				}
				direct = e
				if to := f.TypesInfo.TypeOf(s.Lhs[i]); to != nil && types.Identical(to, f.TypesInfo.TypeOf(e)) && f.builtin(e) == "" {
					calls++
				}
			case *ast.CompositeLit:
				direct = e
			case *ast.UnaryExpr:
				if x.Op == token.ARROW {
					direct = e
				}
			}
		}
		if direct != nil && calls < len(s.Rhs) {
			f.found(s, "several variables are assigned at once, one from a call, a literal or a channel")
		}
	})
}

var _ = trap(&Trap{
	Name:    "receive-assign",
	Does:    "loses the value that was received: fields, elements and captured variables stay as they were",
	Instead: "v := <-ch, then assign v",
	check:   receiveAssign,
})

// receiveAssign finds receives assigned to anything but a new variable, a
// variable of the same function, or a map's element.
func receiveAssign(f *file) {
	each(f, func(s *ast.AssignStmt) {
		if s.Tok != token.ASSIGN || len(s.Lhs) != 1 || len(s.Rhs) != 1 || !isReceive(s.Rhs[0]) {
			return
		}
		if _, clause := f.parents[s].(*ast.CommClause); clause {
			return // select-assign
		}
		to := ast.Unparen(s.Lhs[0])
		if f.isMapElement(to) || isBlank(to) {
			return
		}
		if v := f.variable(to); v != nil && (!local(v) || !f.captured(v, s)) {
			return
		}
		f.found(s, "a received value is assigned to a field, an element or a captured variable")
	})
}

func isBlank(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == "_"
}

// isMapElement reports whether an expression is m[k] of a map.
func (f *file) isMapElement(e ast.Expr) bool {
	x, ok := ast.Unparen(e).(*ast.IndexExpr)
	if !ok {
		return false
	}
	_, ok = f.TypesInfo.TypeOf(x.X).Underlying().(*types.Map)
	return ok
}

// captured reports whether a local variable belongs to a function further out
// than the one around a node.
func (f *file) captured(v *types.Var, n ast.Node) bool {
	fn, _ := f.function(n)
	return local(v) && fn != nil && !inside(v.Pos(), fn)
}

var _ = trap(&Trap{
	Name:    "captured-struct",
	Does:    "loses a struct that a closure assigns, from a literal or a call, to a variable of the function around it",
	Instead: "assign its fields, or keep a pointer: t = &T{…}",
	check:   capturedStruct,
})

// capturedStruct finds such assignments. From a variable, or where compiled
// code calls the closure, they are right.
func capturedStruct(f *file) {
	each(f, func(s *ast.AssignStmt) {
		if s.Tok != token.ASSIGN || len(s.Lhs) != len(s.Rhs) {
			return
		}
		for i, e := range s.Rhs {
			switch x := ast.Unparen(e).(type) {
			case *ast.CompositeLit:
			case *ast.CallExpr:
				if f.converts(x) {
					continue
				}
			default:
				continue
			}
			if _, ok := f.TypesInfo.TypeOf(e).Underlying().(*types.Struct); !ok {
				continue
			}
			if v := f.variable(s.Lhs[i]); v != nil && f.captured(v, s) {
				f.found(s, "%s belongs to the function around the closure", v.Name())
			}
		}
	})
}

var _ = trap(&Trap{
	Name:    "map-target",
	Does:    "does not store the value: a map's element cannot be one of several targets of a call",
	Instead: "bind the results, then store",
	check: func(f *file) {
		each(f, func(s *ast.AssignStmt) {
			if len(s.Rhs) != 1 || len(s.Lhs) < 2 {
				return
			}
			for _, l := range s.Lhs {
				if f.isMapElement(l) {
					f.found(l, "a map's element is one of several targets")
				}
			}
		})
	},
})

var _ = trap(&Trap{
	Name:    "range-assign",
	Does:    "assigns to variables of its own: the outer ones stay as they were",
	Instead: "for k, v := range, and assign inside",
	check: func(f *file) {
		each(f, func(s *ast.RangeStmt) {
			if s.Tok == token.ASSIGN && !(isBlank(s.Key) && (s.Value == nil || isBlank(s.Value))) {
				f.found(s, "a range clause assigns with =")
			}
		})
	},
})

var _ = trap(&Trap{
	Name:    "select-assign",
	Does:    "panics",
	Instead: "case v := <-ch, and assign inside",
	check: func(f *file) {
		each(f, func(c *ast.CommClause) {
			if s, ok := c.Comm.(*ast.AssignStmt); ok && s.Tok == token.ASSIGN {
				f.found(s, "a select's case assigns with =")
			}
		})
	},
})
