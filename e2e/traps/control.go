package traps

import (
	"go/ast"
	"go/token"
	"go/types"
)

var _ = trap(&Trap{
	Name:    "case-list",
	Does:    "tests the first expression of the case only",
	Instead: "join them: case a || b",
	check:   caseList,
})

// caseList finds cases with several conditions in a switch without a tag, and
// cases with several calls in any switch.
func caseList(f *file) {
	each(f, func(s *ast.SwitchStmt) {
		for _, clause := range s.Body.List {
			list := clause.(*ast.CaseClause).List
			if len(list) < 2 {
				continue
			}
			if s.Tag == nil {
				f.found(list[1], "a case of a switch without a tag has several conditions")
				continue
			}
			for _, e := range list[1:] {
				if call, ok := ast.Unparen(e).(*ast.CallExpr); ok && !f.converts(call) {
					f.found(e, "a case lists several calls")
					break
				}
			}
		}
	})
}

var _ = trap(&Trap{
	Name:    "map-condition",
	Does:    "takes the map for the condition: the operand is false, or it panics",
	Instead: "put the map into a variable first",
	check:   mapCondition,
})

// mapCondition finds map literals within the operands of && and ||.
func mapCondition(f *file) {
	each(f, func(literal *ast.CompositeLit) {
		t := f.TypesInfo.TypeOf(literal)
		if t == nil || len(literal.Elts) == 0 {
			return
		}
		if _, ok := t.Underlying().(*types.Map); !ok {
			return
		}
		for n := f.parents[ast.Node(literal)]; n != nil; n = f.parents[n] {
			switch e := n.(type) {
			case ast.Stmt, *ast.FuncLit:
				return
			case *ast.BinaryExpr:
				if e.Op == token.LAND || e.Op == token.LOR {
					f.found(literal, "a map literal stands in an operand of %s", e.Op)
					return
				}
			}
		}
	})
}

var _ = trap(&Trap{
	Name:    "select-break",
	Does:    "leaves the loop around the select, or ends the function where there is none",
	Instead: "turn the condition round, or break with a label",
	check:   selectBreak,
})

func selectBreak(f *file) {
	each(f, func(b *ast.BranchStmt) {
		if b.Tok != token.BREAK || b.Label != nil {
			return
		}
		for n := f.parents[ast.Node(b)]; n != nil; n = f.parents[n] {
			switch n.(type) {
			case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.FuncLit, *ast.FuncDecl:
				return
			case *ast.SelectStmt:
				f.found(b, "break stands in a select")
				return
			}
		}
	})
}

var _ = trap(&Trap{
	Name:    "select-shared",
	Does:    "keeps one list of channels for the statement, which all goroutines in it share: one receives what is another's, and wakes for its reasons",
	Instead: "wait for one channel: join reasons with context.WithTimeout and context.AfterFunc, and ask len(ch) before a receive that must not wait",
	check: func(f *file) {
		each(f, func(s *ast.SelectStmt) {
			f.found(s, "a select")
		})
	},
})

var _ = trap(&Trap{
	Name:    "switch-interface",
	Does:    "panics when the value is of another type than the case",
	Instead: "compare with ==, or assert the type first",
	check: func(f *file) {
		each(f, func(s *ast.SwitchStmt) {
			if s.Tag == nil || !types.IsInterface(f.TypesInfo.TypeOf(s.Tag)) {
				return
			}
			for _, clause := range s.Body.List {
				for _, e := range clause.(*ast.CaseClause).List {
					if t := f.TypesInfo.TypeOf(e); !f.isNil(e) && !types.IsInterface(t) {
						f.found(e, "an interface is switched on, and the case is a %s", t)
						return
					}
				}
			}
		})
	},
})

var _ = trap(&Trap{
	Name:    "range-array-pointer",
	Does:    "panics",
	Instead: "range over the array or a slice of it: range a[:]",
	check: func(f *file) {
		each(f, func(s *ast.RangeStmt) {
			p, ok := f.TypesInfo.TypeOf(s.X).Underlying().(*types.Pointer)
			if !ok || s.Value == nil {
				return
			}
			if _, ok := p.Elem().Underlying().(*types.Array); ok {
				f.found(s.X, "a pointer to an array is ranged over")
			}
		})
	},
})

var _ = trap(&Trap{
	Name:    "range-string",
	Does:    "counts three bytes for every byte that is no UTF-8: the index is wrong from there on",
	Instead: "walk the bytes by index, or leave the index out",
	check: func(f *file) {
		each(f, func(s *ast.RangeStmt) {
			b, ok := f.TypesInfo.TypeOf(s.X).Underlying().(*types.Basic)
			if ok && b.Info()&types.IsString != 0 && s.Key != nil && !isBlank(s.Key) {
				f.found(s, "a string is ranged over with its index")
			}
		})
	},
})

var _ = trap(&Trap{
	Name:    "range-new",
	Does:    "does not load",
	Instead: "count with a for clause",
	InTests: true,
	check: func(f *file) {
		each(f, func(s *ast.RangeStmt) {
			switch t := f.TypesInfo.TypeOf(s.X).Underlying().(type) {
			case *types.Basic:
				if t.Info()&types.IsInteger != 0 {
					f.found(s.X, "an integer is ranged over")
				}
			case *types.Signature:
				f.found(s.X, "a function is ranged over")
			}
		})
	},
})
