package traps

import (
	"go/ast"
	"go/types"
)

const jwtPath = "github.com/golang-jwt/jwt/v5"

var _ = trap(&Trap{
	Name:    "jwt-claims",
	Does:    "decodes them to nothing, without an error: an expired token comes back valid",
	Instead: "pass jwt.MapClaims{} by value",
	check:   jwtClaims,
})

// jwtClaims finds claims given to golang-jwt's parsing that are anything else
// than jwt.MapClaims by value.
func jwtClaims(f *file) {
	each(f, func(c *ast.CallExpr) {
		if !f.isCall(c, jwtPath, "ParseWithClaims", "ParseUnverified") || len(c.Args) < 2 {
			return
		}
		t := types.Unalias(f.TypesInfo.TypeOf(c.Args[1]))
		named, ok := t.(*types.Named)
		if ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == jwtPath && named.Obj().Name() == "MapClaims" {
			return
		}
		f.found(c.Args[1], "claims of type %s", types.TypeString(t, types.RelativeTo(f.Pkg)))
	})
}
