package traps

import (
	"go/ast"
	"go/types"
)

var _ = trap(&Trap{
	Name:    "wrap-writer",
	Does:    "shows compiled code the methods of http.ResponseWriter only: Flusher and Hijacker vanish, and WebSocket and SSE break",
	Instead: "pass Traefik's own writer on",
	check: func(f *file) {
		each(f, func(s *ast.StructType) {
			for _, field := range s.Fields.List {
				if isNamed(f.TypesInfo.TypeOf(field.Type), "net/http", "ResponseWriter") && f.isWriter(s) {
					f.found(field, "a type wraps http.ResponseWriter")
				}
			}
		})
	},
})

// isWriter reports whether the declared type of a struct, or a pointer to it,
// is itself an http.ResponseWriter.
func (f *file) isWriter(s *ast.StructType) bool {
	spec, ok := f.parents[s].(*ast.TypeSpec)
	if !ok {
		return false
	}
	t := f.TypesInfo.Defs[spec.Name].Type()
	methods := types.NewMethodSet(types.NewPointer(t))
	for _, name := range []string{"Header", "Write", "WriteHeader"} {
		if methods.Lookup(f.Pkg, name) == nil {
			return false
		}
	}
	return true
}

func isNamed(t types.Type, path, name string) bool {
	n := namedOf(t)
	return n != nil && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == path && n.Obj().Name() == name
}

var _ = trap(&Trap{
	Name:    "default-client",
	Does:    "shares it with Traefik: its connections, its limits, and whoever changes it",
	Instead: "make an http.Client with a Transport of its own, and keep a pointer to it",
	check:   defaultClient,
})

func defaultClient(f *file) {
	each(f, func(s *ast.SelectorExpr) {
		obj := f.TypesInfo.ObjectOf(s.Sel)
		if obj == nil || obj.Pkg() == nil || obj.Pkg().Path() != "net/http" || obj.Parent() != obj.Pkg().Scope() {
			return
		}
		switch obj.Name() {
		case "DefaultClient", "DefaultTransport", "Get", "Post", "PostForm", "Head":
			f.found(s, "http.%s", obj.Name())
		}
	})
	each(f, func(lit *ast.CompositeLit) {
		if !isNamed(f.TypesInfo.TypeOf(lit), "net/http", "Client") {
			return
		}
		for _, e := range lit.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok && types.ExprString(kv.Key) == "Transport" {
				return
			}
		}
		f.found(lit, "an http.Client without a Transport uses http.DefaultTransport")
	})
}
