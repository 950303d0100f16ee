package traps

import (
	"go/ast"
	"go/token"
	"go/types"
)

var _ = trap(&Trap{
	Name:    "errors-as",
	Does:    "panics: an own type is no error to compiled code",
	Instead: "assert: e, ok := err.(*E)",
	check: func(f *file) {
		each(f, func(c *ast.CallExpr) {
			if !f.isCall(c, "errors", "As") || len(c.Args) != 2 {
				return
			}
			p, ok := f.TypesInfo.TypeOf(c.Args[1]).(*types.Pointer)
			if ok && f.own(p.Elem()) {
				f.found(c, "errors.As looks for an own type")
			}
		})
	},
})

var _ = trap(&Trap{
	Name:    "errors-method",
	Does:    "never calls it: errors.Is and errors.Unwrap see only compiled methods",
	Instead: "wrap with fmt.Errorf and %w, or with errors.Join",
	check: func(f *file) {
		each(f, func(d *ast.FuncDecl) {
			if d.Recv == nil {
				return
			}
			switch d.Name.Name {
			case "Unwrap", "Is", "As":
				obj := f.TypesInfo.Defs[d.Name].(*types.Func)
				receiver := obj.Type().(*types.Signature).Recv().Type()
				if types.Implements(receiver, types.Universe.Lookup("error").Type().Underlying().(*types.Interface)) {
					f.found(d.Name, "an error type has a method %s", d.Name.Name)
				}
			}
		})
	},
})

var _ = trap(&Trap{
	Name:    "recover-value",
	Does:    "gives recover's value in a wrapping of its own: it equals nothing and asserts to nothing",
	Instead: "compare it with nil, or print it",
	check:   recoverValue,
})

// recoverValue finds comparisons and assertions of what recover returned.
func recoverValue(f *file) {
	values := map[types.Object]bool{}
	each(f, func(s *ast.AssignStmt) {
		if len(s.Lhs) == 1 && len(s.Rhs) == 1 && f.builtin(s.Rhs[0]) == "recover" {
			values[f.object(s.Lhs[0])] = true
		}
	})
	recovered := func(e ast.Expr) bool {
		return e != nil && (f.builtin(e) == "recover" || f.object(e) != nil && values[f.object(e)])
	}
	each(f, func(a *ast.TypeAssertExpr) {
		if a.Type != nil && recovered(a.X) {
			f.found(a, "a recovered value is asserted")
		}
	})
	each(f, func(s *ast.TypeSwitchStmt) {
		if recovered(switched(s)) {
			f.found(s, "a recovered value is switched on")
		}
	})
	each(f, func(b *ast.BinaryExpr) {
		if b.Op != token.EQL && b.Op != token.NEQ || f.isNil(b.X) || f.isNil(b.Y) {
			return
		}
		if recovered(b.X) || recovered(b.Y) {
			f.found(b, "a recovered value is compared")
		}
	})
}

var _ = trap(&Trap{
	Name:    "deferred-panic",
	Does:    "lets it out past the function's other deferred recover",
	Instead: "note the error and return it",
	check: func(f *file) {
		each(f, func(d *ast.DeferStmt) {
			lit, ok := ast.Unparen(d.Call.Fun).(*ast.FuncLit)
			if !ok {
				return
			}
			within(lit.Body, func(c *ast.CallExpr) {
				if f.builtin(c) == "panic" {
					f.found(c, "a deferred function panics")
				}
			})
		})
	},
})
