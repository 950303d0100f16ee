package traps

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// each calls do for every node of the file that is a T.
func each[T ast.Node](f *file, do func(T)) {
	within(f.root, do)
}

// within calls do for every node below root that is a T.
func within[T ast.Node](root ast.Node, do func(T)) {
	ast.Inspect(root, func(n ast.Node) bool {
		if t, ok := n.(T); ok {
			do(t)
		}
		return true
	})
}

// function is the innermost function, declared or literal, around a node, with
// its signature. The node itself does not count.
func (f *file) function(n ast.Node) (ast.Node, *types.Signature) {
	for n = f.parents[n]; n != nil; n = f.parents[n] {
		switch fn := n.(type) {
		case *ast.FuncLit:
			sig, _ := f.TypesInfo.TypeOf(fn).(*types.Signature)
			return fn, sig
		case *ast.FuncDecl:
			obj := f.TypesInfo.Defs[fn.Name]
			if obj == nil {
				return fn, nil
			}
			sig, _ := obj.Type().(*types.Signature)
			return fn, sig
		}
	}
	return nil, nil
}

// body is a function's block.
func body(fn ast.Node) *ast.BlockStmt {
	switch fn := fn.(type) {
	case *ast.FuncLit:
		return fn.Body
	case *ast.FuncDecl:
		return fn.Body
	}
	return nil
}

// functions calls do for every function of the file that has a body.
func (f *file) functions(do func(fn ast.Node, sig *types.Signature)) {
	ast.Inspect(f.root, func(n ast.Node) bool {
		switch fn := n.(type) {
		case *ast.FuncLit:
			do(fn, f.TypesInfo.TypeOf(fn).(*types.Signature))
		case *ast.FuncDecl:
			if obj := f.TypesInfo.Defs[fn.Name]; obj != nil && fn.Body != nil {
				do(fn, obj.Type().(*types.Signature))
			}
		}
		return true
	})
}

// loop is the innermost loop around a node within the same function, nil if
// there is none. A loop's own range expression and init are not inside it.
func (f *file) loop(n ast.Node) ast.Node {
	for child, p := n, f.parents[n]; p != nil; child, p = p, f.parents[p] {
		switch l := p.(type) {
		case *ast.ForStmt:
			if child != l.Init {
				return l
			}
		case *ast.RangeStmt:
			if child != l.X {
				return l
			}
		case *ast.FuncLit, *ast.FuncDecl:
			return nil
		}
	}
	return nil
}

// repeats reports whether a node may run more than once in one call of its
// function: in a loop, or after a label that a goto jumps to.
func (f *file) repeats(n ast.Node) bool {
	if f.loop(n) != nil {
		return true
	}
	fn, _ := f.function(n)
	if fn == nil {
		return false
	}
	again := false
	within(body(fn), func(b *ast.BranchStmt) {
		again = again || b.Tok == token.GOTO && b.Pos() > n.Pos()
	})
	return again
}

// object is the variable, function or type that an expression names, also as
// the last part of a selector.
func (f *file) object(e ast.Expr) types.Object {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return f.TypesInfo.ObjectOf(e)
	case *ast.SelectorExpr:
		return f.TypesInfo.ObjectOf(e.Sel)
	}
	return nil
}

// variable is the variable that an identifier names, nil for all else.
func (f *file) variable(e ast.Expr) *types.Var {
	id, ok := ast.Unparen(e).(*ast.Ident)
	if !ok {
		return nil
	}
	v, _ := f.TypesInfo.ObjectOf(id).(*types.Var)
	return v
}

// root is the variable at the left end of a chain of selectors, indexes and
// dereferences.
func (f *file) rootOf(e ast.Expr) *types.Var {
	for {
		switch x := ast.Unparen(e).(type) {
		case *ast.Ident:
			return f.variable(x)
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// builtin is the name of the builtin function that a call calls, else "".
func (f *file) builtin(e ast.Expr) string {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return ""
	}
	if b, ok := f.object(call.Fun).(*types.Builtin); ok {
		return b.Name()
	}
	return ""
}

// converts reports whether a call is a type conversion.
func (f *file) converts(call *ast.CallExpr) bool {
	return f.TypesInfo.Types[call.Fun].IsType()
}

// called is the function that a call calls, where it has a name.
func (f *file) called(call *ast.CallExpr) *types.Func {
	fn, _ := f.object(call.Fun).(*types.Func)
	return fn
}

// isCall reports whether an expression calls the named function of a package,
// or the named method of any of its types.
func (f *file) isCall(e ast.Node, path string, names ...string) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	fn := f.called(call)
	if fn == nil || fn.Pkg() == nil || fn.Pkg().Path() != path {
		return false
	}
	for _, name := range names {
		if fn.Name() == name {
			return true
		}
	}
	return false
}

// own reports whether a type, or what it points to, is declared in the package
// under check: it is interpreted.
func (f *file) own(t types.Type) bool {
	named := namedOf(t)
	return named != nil && named.Obj().Pkg() == f.Pkg
}

// namedOf is a type's name, through one pointer.
func namedOf(t types.Type) *types.Named {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	named, _ := types.Unalias(t).(*types.Named)
	return named
}

// standard reports whether a package is the standard library's.
func standard(pkg *types.Package) bool {
	if pkg == nil {
		return false
	}
	first, _, _ := strings.Cut(pkg.Path(), "/")
	return !strings.Contains(first, ".") && first != "main"
}

// isError reports whether a type is error itself.
func isError(t types.Type) bool {
	return types.Identical(t, types.Universe.Lookup("error").Type())
}

// isNil reports whether an expression is the literal nil.
func (f *file) isNil(e ast.Expr) bool {
	return f.TypesInfo.Types[e].IsNil()
}

// mentions reports whether a variable is used anywhere below a node.
func (f *file) mentions(n ast.Node, v *types.Var) bool {
	found := false
	within(n, func(id *ast.Ident) {
		found = found || f.TypesInfo.ObjectOf(id) == v
	})
	return found
}

// assignments calls do for everything that gives a variable a new value below
// a node: assignments, ++ and --, and range clauses. Declarations do not count.
func (f *file) assignments(n ast.Node, do func(v *types.Var, at ast.Node)) {
	one := func(e ast.Expr, at ast.Node) {
		if v := f.variable(e); v != nil {
			do(v, at)
		}
	}
	ast.Inspect(n, func(n ast.Node) bool {
		switch s := n.(type) {
		case *ast.AssignStmt:
			for _, l := range s.Lhs {
				if id, ok := l.(*ast.Ident); ok && f.TypesInfo.Defs[id] == nil {
					one(l, s)
				}
			}
		case *ast.IncDecStmt:
			one(s.X, s)
		case *ast.RangeStmt:
			if s.Tok == token.ASSIGN {
				one(s.Key, s)
				if s.Value != nil {
					one(s.Value, s)
				}
			}
		}
		return true
	})
}

// inside reports whether a position lies within a node.
func inside(pos token.Pos, n ast.Node) bool {
	return n != nil && n.Pos() <= pos && pos < n.End()
}

// local reports whether a variable belongs to a function: it is no field and
// no package variable.
func local(v *types.Var) bool {
	return v != nil && !v.IsField() && v.Pkg() != nil && v.Parent() != v.Pkg().Scope()
}
