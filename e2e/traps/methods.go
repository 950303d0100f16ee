package traps

import (
	"go/ast"
	"go/types"
)

var _ = trap(&Trap{
	Name:    "method-value",
	Does:    "does not load it, panics, or looks the receiver up when it is called",
	Instead: "write a closure that calls the method: func(x T) { v.Method(x) }",
	check:   methodValue,
})

// methodValue finds method values that are not called at once: of interfaces
// and of compiled types where they are stored or returned, and of interpreted
// types where the receiver is a value or changes later.
func methodValue(f *file) {
	each(f, func(s *ast.SelectorExpr) {
		if !f.methodValue(s) {
			return
		}
		receiver := f.TypesInfo.TypeOf(s.X)
		sig := f.TypesInfo.Selections[s].Obj().Type().(*types.Signature)
		_, argument := f.parents[s].(*ast.CallExpr)
		switch {
		case types.IsInterface(receiver):
			f.found(s, "a method of an interface is used as a value")
		case !interpreted(receiver) && !argument:
			f.found(s, "a method of a compiled type is used as a value")
		case interpreted(receiver) && !isPointer(sig.Recv().Type()) && !argument:
			f.found(s, "the method has a value receiver, which is not copied")
		case interpreted(receiver) && !argument && f.changesAfter(s):
			f.found(s, "the receiver's variable changes afterwards")
		}
	})
}

// interpreted reports whether a type, or what it points to, is not the standard
// library's, so that its methods are not compiled.
func interpreted(t types.Type) bool {
	named := namedOf(t)
	return named != nil && !standard(named.Obj().Pkg())
}

func isPointer(t types.Type) bool {
	_, ok := types.Unalias(t).(*types.Pointer)
	return ok
}

// methodValue reports whether a selector is a method that is not called.
func (f *file) methodValue(s *ast.SelectorExpr) bool {
	selection := f.TypesInfo.Selections[s]
	if selection == nil || selection.Kind() != types.MethodVal {
		return false
	}
	call, ok := f.parents[s].(*ast.CallExpr)
	return !ok || call.Fun != ast.Expr(s)
}

// changesAfter reports whether the variable a selector starts at gets another
// value later in the function.
func (f *file) changesAfter(s *ast.SelectorExpr) bool {
	v := f.rootOf(s.X)
	fn, _ := f.function(s)
	if v == nil || fn == nil {
		return false
	}
	later := false
	f.assignments(body(fn), func(w *types.Var, at ast.Node) {
		later = later || w == v && at.Pos() > s.Pos()
	})
	return later
}

var _ = trap(&Trap{
	Name:    "method-expression",
	Does:    "panics",
	Instead: "write a function literal that takes the receiver",
	check: func(f *file) {
		each(f, func(s *ast.SelectorExpr) {
			if sel := f.TypesInfo.Selections[s]; sel != nil && sel.Kind() == types.MethodExpr {
				f.found(s, "a method expression")
			}
		})
	},
})

var _ = trap(&Trap{
	Name:    "unnamed-parameter",
	Does:    "puts its argument where the function keeps its first variables, and panics",
	Instead: "name it _",
	InTests: true,
	check: func(f *file) {
		f.functions(func(fn ast.Node, sig *types.Signature) {
			if len(body(fn).List) == 0 {
				return
			}
			for i := 0; i < sig.Params().Len(); i++ {
				if p := sig.Params().At(i); p.Name() == "" {
					f.found(fn, "parameter %d has no name", i+1)
					return
				}
			}
		})
	},
})
