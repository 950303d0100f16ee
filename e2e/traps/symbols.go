package traps

import (
	"go/ast"
	"go/types"

	"github.com/traefik/yaegi/stdlib"
)

var _ = trap(&Trap{
	Name:    "missing-symbol",
	Does:    "does not have it, and does not load",
	Instead: "write it out",
	InTests: true,
	check:   missingSymbol,
})

// loadedGenerics are the generic functions of the standard library that the
// interpreter loads from source and that work there; its tests run each one.
var loadedGenerics = map[string]bool{
	"cmp.Compare":         true,
	"cmp.Less":            true,
	"slices.Contains":     true,
	"slices.ContainsFunc": true,
	"slices.Index":        true,
	"slices.IndexFunc":    true,
}

// missingSymbol finds names of the standard library that the interpreter's
// tables do not hold, and builtin functions that it does not know.
func missingSymbol(f *file) {
	each(f, func(spec *ast.ImportSpec) {
		path := spec.Path.Value[1 : len(spec.Path.Value)-1]
		for _, imported := range f.Pkg.Imports() {
			if imported.Path() == path && standard(imported) && !hasPackage(imported) {
				f.found(spec, "package %s", path)
			}
		}
	})
	each(f, func(id *ast.Ident) {
		obj := f.TypesInfo.Uses[id]
		if obj == nil {
			return
		}
		if b, ok := obj.(*types.Builtin); ok {
			switch b.Name() {
			case "min", "max", "clear":
				f.found(id, "builtin %s", b.Name())
			}
			return
		}
		if !standard(obj.Pkg()) || obj.Parent() != obj.Pkg().Scope() || !obj.Exported() || !hasPackage(obj.Pkg()) {
			return
		}
		if !hasSymbol(obj) {
			f.found(id, "%s.%s", obj.Pkg().Path(), obj.Name())
		}
	})
}

// hasPackage reports whether the interpreter knows a package of the standard
// library at all, from its tables or as source.
func hasPackage(pkg *types.Package) bool {
	switch pkg.Path() {
	case "cmp", "slices":
		return true
	}
	_, ok := stdlib.Symbols[pkg.Path()+"/"+pkg.Name()]
	return ok
}

func hasSymbol(obj types.Object) bool {
	if _, ok := stdlib.Symbols[obj.Pkg().Path()+"/"+obj.Pkg().Name()][obj.Name()]; ok {
		return true
	}
	return loadedGenerics[obj.Pkg().Path()+"."+obj.Name()]
}
