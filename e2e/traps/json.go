package traps

import (
	"go/ast"
	"go/types"
	"reflect"
)

var _ = trap(&Trap{
	Name:    "json-method",
	Does:    "never calls it for fields and elements: compiled code does not see the methods of own types",
	Instead: "decode into json.RawMessage or a map and read that",
	check: func(f *file) {
		each(f, func(d *ast.FuncDecl) {
			if d.Recv == nil {
				return
			}
			switch d.Name.Name {
			case "UnmarshalJSON", "MarshalJSON", "UnmarshalText", "MarshalText":
				f.found(d.Name, "a type has a method %s", d.Name.Name)
			}
		})
	},
})

var _ = trap(&Trap{
	Name:    "json-embedded",
	Does:    "does not promote the fields of an embedded struct",
	Instead: "write the fields out",
	check: func(f *file) {
		f.jsonStructs(func(at ast.Node, name string, s *types.Struct) {
			for i := 0; i < s.NumFields(); i++ {
				if s.Field(i).Embedded() {
					f.found(at, "%s embeds %s", name, s.Field(i).Name())
				}
			}
		})
	},
})

var _ = trap(&Trap{
	Name:    "json-unexported",
	Does:    "shows unexported fields to encoding/json under an X and their name: a document can set them",
	Instead: `keep them out of the struct, or tag them json:"-"`,
	check: func(f *file) {
		f.jsonStructs(func(at ast.Node, name string, s *types.Struct) {
			for i := 0; i < s.NumFields(); i++ {
				if !s.Field(i).Exported() && reflect.StructTag(s.Tag(i)).Get("json") != "-" {
					f.found(at, "%s has the unexported field %s", name, s.Field(i).Name())
				}
			}
		})
	},
})

// jsonStructs calls do for every struct type of the package that is given to
// encoding/json in this file, and for those inside it.
func (f *file) jsonStructs(do func(at ast.Node, name string, s *types.Struct)) {
	each(f, func(c *ast.CallExpr) {
		if !f.isCall(c, "encoding/json", "Marshal", "MarshalIndent", "Unmarshal", "Encode", "Decode") || len(c.Args) == 0 {
			return
		}
		value := c.Args[0]
		if f.isCall(c, "encoding/json", "Unmarshal") {
			value = c.Args[1]
		}
		f.structsIn(f.TypesInfo.TypeOf(value), map[types.Type]bool{}, func(name string, s *types.Struct) {
			do(value, name, s)
		})
	})
}

func (f *file) structsIn(t types.Type, seen map[types.Type]bool, do func(name string, s *types.Struct)) {
	if t == nil || seen[t] {
		return
	}
	seen[t] = true
	named, _ := types.Unalias(t).(*types.Named)
	if named != nil && named.Obj().Pkg() != f.Pkg {
		return
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		f.structsIn(u.Elem(), seen, do)
	case *types.Slice:
		f.structsIn(u.Elem(), seen, do)
	case *types.Array:
		f.structsIn(u.Elem(), seen, do)
	case *types.Map:
		f.structsIn(u.Elem(), seen, do)
	case *types.Struct:
		name := "a struct"
		if named != nil {
			name = named.Obj().Name()
		}
		do(name, u)
		for i := 0; i < u.NumFields(); i++ {
			f.structsIn(u.Field(i).Type(), seen, do)
		}
	}
}
