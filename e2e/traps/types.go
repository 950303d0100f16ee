package traps

import (
	"go/ast"
	"go/token"
	"go/types"
)

var _ = trap(&Trap{
	Name:    "type-shape",
	Does:    "knows own types in an interface by their shape: types with the same fields are one type, and a named string is a string",
	Instead: "give the types different fields, or a field that says the kind",
	check:   typeShape,
})

// typeShape finds assertions and type switches to own types that another type
// in the package, or a basic type, cannot be told from.
func typeShape(f *file) {
	f.assertedTypes(func(at ast.Expr, _ ast.Expr, t types.Type) {
		named := namedOf(t)
		if named == nil || !f.own(t) || types.IsInterface(named) {
			return
		}
		if _, ok := named.Underlying().(*types.Basic); ok {
			f.found(at, "%s is told from %s", named.Obj().Name(), named.Underlying())
			return
		}
		if twin := f.twin(named); twin != nil {
			f.found(at, "%s and %s have the same fields", named.Obj().Name(), twin.Obj().Name())
		}
	})
}

// assertedTypes calls do for each type of an assertion or a type switch, with
// the expression that is asserted.
func (f *file) assertedTypes(do func(at, operand ast.Expr, t types.Type)) {
	each(f, func(a *ast.TypeAssertExpr) {
		if a.Type != nil {
			do(a.Type, a.X, f.TypesInfo.TypeOf(a.Type))
		}
	})
	each(f, func(s *ast.TypeSwitchStmt) {
		for _, clause := range s.Body.List {
			for _, e := range clause.(*ast.CaseClause).List {
				if !f.isNil(e) {
					do(e, switched(s), f.TypesInfo.TypeOf(e))
				}
			}
		}
	})
}

// switched is what a type switch switches on.
func switched(s *ast.TypeSwitchStmt) ast.Expr {
	var e ast.Expr
	switch a := s.Assign.(type) {
	case *ast.ExprStmt:
		e = a.X
	case *ast.AssignStmt:
		e = a.Rhs[0]
	}
	if a, ok := e.(*ast.TypeAssertExpr); ok {
		return a.X
	}
	return nil
}

// twin is another type of the package with the same underlying type.
func (f *file) twin(t *types.Named) *types.Named {
	scope := f.Pkg.Scope()
	for _, name := range scope.Names() {
		obj, ok := scope.Lookup(name).(*types.TypeName)
		if !ok || obj.IsAlias() {
			continue
		}
		other, ok := obj.Type().(*types.Named)
		if ok && other != t && types.IdenticalIgnoreTags(other.Underlying(), t.Underlying()) {
			return other
		}
	}
	return nil
}

var _ = trap(&Trap{
	Name:    "type-switch-error",
	Does:    "never takes this case",
	Instead: "assert with e, ok := err.(*E), or compare with errors.Is",
	check:   typeSwitchError,
})

// typeSwitchError finds, in type switches, own error types when an error is
// switched on, and the case error itself.
func typeSwitchError(f *file) {
	each(f, func(s *ast.TypeSwitchStmt) {
		operand := f.TypesInfo.TypeOf(switched(s))
		for _, clause := range s.Body.List {
			for _, e := range clause.(*ast.CaseClause).List {
				t := f.TypesInfo.TypeOf(e)
				if isError(t) || isError(operand) && f.own(t) {
					f.found(e, "a type switch tells errors apart")
				}
			}
		}
	})
}

var _ = trap(&Trap{
	Name:    "typed-nil",
	Does:    "takes an interface that holds a nil pointer of an own type for nil itself",
	Instead: "return a plain nil, and the pointer only where it is not nil",
	check:   typedNil,
})

// typedNil finds nil pointers of own types that are returned as an interface.
func typedNil(f *file) {
	each(f, func(r *ast.ReturnStmt) {
		_, sig := f.function(r)
		if sig == nil || len(r.Results) != sig.Results().Len() {
			return
		}
		for i, e := range r.Results {
			if !types.IsInterface(sig.Results().At(i).Type()) || !isPointer(f.TypesInfo.TypeOf(e)) || !f.own(f.TypesInfo.TypeOf(e)) {
				continue
			}
			if v := f.variable(e); local(v) && f.declaredNil(v) {
				f.found(e, "%s may be a nil pointer, and the result is an interface", v.Name())
			}
		}
	})
}

// declaredNil reports whether a variable is declared without a value.
func (f *file) declaredNil(v *types.Var) bool {
	found := false
	each(f, func(s *ast.ValueSpec) {
		for _, name := range s.Names {
			found = found || f.TypesInfo.Defs[name] == v && len(s.Values) == 0
		}
	})
	return found
}

var _ = trap(&Trap{
	Name:    "assert-nil",
	Does:    "panics on a nil interface, with comma-ok too",
	Instead: "look for nil before",
	check:   assertNil,
})

// assertNil finds assertions to compiled interface types of what nothing in
// the function compares with nil before.
func assertNil(f *file) {
	each(f, func(a *ast.TypeAssertExpr) {
		if a.Type == nil {
			return
		}
		t := f.TypesInfo.TypeOf(a.Type)
		if !types.IsInterface(t) || f.own(t) || f.comparedWithNil(a) {
			return
		}
		f.found(a, "an assertion to %s", types.TypeString(t, types.RelativeTo(f.Pkg)))
	})
}

// comparedWithNil reports whether what is asserted is compared with nil
// earlier in the function.
func (f *file) comparedWithNil(a *ast.TypeAssertExpr) bool {
	fn, _ := f.function(a)
	if fn == nil {
		return false
	}
	operand, found := types.ExprString(a.X), false
	within(body(fn), func(b *ast.BinaryExpr) {
		if (b.Op == token.EQL || b.Op == token.NEQ) && b.Pos() < a.Pos() && f.isNil(b.Y) && types.ExprString(b.X) == operand {
			found = true
		}
	})
	return found
}

var _ = trap(&Trap{
	Name:    "assert-own-interface",
	Does:    "panics, at the latest when the value is of another type",
	Instead: "use a type switch, or keep the value in a variable of that interface from the start",
	check: func(f *file) {
		each(f, func(a *ast.TypeAssertExpr) {
			if a.Type == nil {
				return
			}
			if t := f.TypesInfo.TypeOf(a.Type); types.IsInterface(t) && f.own(t) {
				f.found(a, "an assertion to the own interface %s", types.TypeString(t, types.RelativeTo(f.Pkg)))
			}
		})
	},
})

var _ = trap(&Trap{
	Name:    "context-key",
	Does:    "knows own types by their shape: another package's key of the same shape is the same key",
	Instead: "use the address of a package variable as the key",
	check: func(f *file) {
		each(f, func(c *ast.CallExpr) {
			if !f.isCall(c, "context", "WithValue") || len(c.Args) != 3 {
				return
			}
			if t := f.TypesInfo.TypeOf(c.Args[1]); f.own(t) && !isPointer(t) {
				f.found(c.Args[1], "a context's key is of an own type")
			}
		})
	},
})

var _ = trap(&Trap{
	Name:    "generic-constraint",
	Does:    "does not load",
	Instead: "write the function for the type, or with any or comparable",
	check: func(f *file) {
		each(f, func(list *ast.InterfaceType) {
			for _, field := range list.Methods.List {
				switch u := field.Type.(type) {
				case *ast.BinaryExpr:
					f.found(u, "a constraint that is a union in an interface")
				case *ast.UnaryExpr:
					f.found(u, "a constraint with ~")
				}
			}
		})
	},
})

var _ = trap(&Trap{
	Name:    "variadic-nil",
	Does:    "crashes while loading",
	Instead: "leave the argument out",
	check: func(f *file) {
		each(f, func(c *ast.CallExpr) {
			if c.Ellipsis.IsValid() && len(c.Args) > 0 && f.isNil(c.Args[len(c.Args)-1]) {
				f.found(c, "nil... is passed")
			}
		})
	},
})

var _ = trap(&Trap{
	Name:    "type-cycle",
	Does:    "cuts the cycle with a type of its own, at one place here and another there: sooner or later an assignment panics",
	Instead: "break the cycle: keep a name, a function or an any instead of the pointer back",
	check: func(f *file) {
		each(f, func(spec *ast.TypeSpec) {
			obj, ok := f.TypesInfo.Defs[spec.Name].(*types.TypeName)
			if !ok || obj.Parent() != f.Pkg.Scope() {
				return
			}
			start, ok := obj.Type().(*types.Named)
			if !ok {
				return
			}
			for _, next := range f.fieldTypes(start) {
				if next != start && f.reaches(next, start, map[*types.Named]bool{}) {
					f.found(spec, "%s and %s hold each other", start.Obj().Name(), next.Obj().Name())
					return
				}
			}
		})
	},
})

// fieldTypes are the package's own types that a type holds, itself or through
// pointers, lists, maps and channels, in the order of its fields.
func (f *file) fieldTypes(t *types.Named) []*types.Named {
	var held []*types.Named
	var add func(t types.Type)
	add = func(t types.Type) {
		switch t := types.Unalias(t).(type) {
		case *types.Named:
			if t.Obj().Pkg() == f.Pkg {
				held = append(held, t)
			}
			for i := 0; i < t.TypeArgs().Len(); i++ {
				add(t.TypeArgs().At(i))
			}
		case *types.Pointer:
			add(t.Elem())
		case *types.Slice:
			add(t.Elem())
		case *types.Array:
			add(t.Elem())
		case *types.Chan:
			add(t.Elem())
		case *types.Map:
			add(t.Key())
			add(t.Elem())
		case *types.Struct:
			for i := 0; i < t.NumFields(); i++ {
				add(t.Field(i).Type())
			}
		}
	}
	add(t.Underlying())
	return held
}

func (f *file) reaches(from, to *types.Named, seen map[*types.Named]bool) bool {
	if from == to {
		return true
	}
	if seen[from] {
		return false
	}
	seen[from] = true
	for _, next := range f.fieldTypes(from) {
		if f.reaches(next, to, seen) {
			return true
		}
	}
	return false
}
