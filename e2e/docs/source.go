package docs

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Source is what the documentation takes from the plugin's sources.
type Source struct {
	files  map[string]*ast.File // by base name, without tests
	values map[string]ast.Expr  // of package-level constants
}

// Read parses the plugin's sources.
func Read(checkout string) (*Source, error) {
	paths, err := filepath.Glob(filepath.Join(checkout, "*.go"))
	if err != nil {
		return nil, err
	}
	s := &Source{files: map[string]*ast.File{}, values: map[string]ast.Expr{}}
	fset := token.NewFileSet()
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		s.files[filepath.Base(path)] = file
		s.addConstants(file)
	}
	return s, nil
}

func (s *Source) addConstants(file *ast.File) {
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.CONST {
			continue
		}
		for _, spec := range gen.Specs {
			value := spec.(*ast.ValueSpec)
			for i, name := range value.Names {
				if i < len(value.Values) {
					s.values[name.Name] = value.Values[i]
				}
			}
		}
	}
}

// Constant returns the value of a package-level constant.
func (s *Source) Constant(name string) (constant.Value, error) {
	expr, ok := s.values[name]
	if !ok {
		return nil, fmt.Errorf("the plugin has no constant %s; the documentation mentions it", name)
	}
	return s.eval(expr)
}

// eval computes the few kinds of constant expressions that the plugin has.
func (s *Source) eval(expr ast.Expr) (constant.Value, error) {
	switch e := expr.(type) {
	case *ast.BasicLit:
		return constant.MakeFromLiteral(e.Value, e.Kind, 0), nil
	case *ast.ParenExpr:
		return s.eval(e.X)
	case *ast.Ident:
		return s.Constant(e.Name)
	case *ast.SelectorExpr:
		unit, ok := map[string]time.Duration{
			"Millisecond": time.Millisecond, "Second": time.Second, "Minute": time.Minute, "Hour": time.Hour,
		}[e.Sel.Name]
		if ok {
			return constant.MakeInt64(int64(unit)), nil
		}
	case *ast.BinaryExpr:
		x, err := s.eval(e.X)
		if err != nil {
			return nil, err
		}
		y, err := s.eval(e.Y)
		if err != nil {
			return nil, err
		}
		if e.Op == token.SHL {
			n, _ := constant.Uint64Val(y)
			return constant.Shift(x, e.Op, uint(n)), nil
		}
		return constant.BinaryOp(x, e.Op, y), nil
	}
	return nil, fmt.Errorf("cannot compute the constant expression %T", expr)
}

// Constants returns the string constants whose names begin with a prefix, by
// name.
func (s *Source) Constants(prefix string) (map[string]string, error) {
	found := map[string]string{}
	for name := range s.values {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		value, err := s.Constant(name)
		if err != nil {
			return nil, err
		}
		if value.Kind() == constant.String {
			found[name] = constant.StringVal(value)
		}
	}
	return found, nil
}

// Field is a field of one of the plugin's structs.
type Field struct {
	Name string // in Go
	Key  string // in JSON, and so in Traefik's configuration
	Type string // in Go
	Doc  string // its doc comment on one line
	Omit bool   // omitempty
}

// Fields returns the fields of a struct, in order.
func (s *Source) Fields(structName string) ([]Field, error) {
	for _, file := range s.files {
		spec, ok := typeOf(file, structName)
		if !ok {
			continue
		}
		var list []Field
		for _, f := range spec.Fields.List {
			if f.Tag == nil {
				return nil, fmt.Errorf("%s: a field without a tag", structName)
			}
			tag, err := strconv.Unquote(f.Tag.Value)
			if err != nil {
				return nil, err
			}
			key, options, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
			list = append(list, Field{
				Name: f.Names[0].Name,
				Key:  key,
				Type: typeText(f.Type),
				Doc:  strings.Join(strings.Fields(f.Doc.Text()), " "),
				Omit: options == "omitempty",
			})
		}
		return list, nil
	}
	return nil, fmt.Errorf("the plugin has no struct %s; the documentation is made of it", structName)
}

func typeOf(file *ast.File, name string) (*ast.StructType, bool) {
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.TYPE {
			continue
		}
		for _, spec := range gen.Specs {
			named := spec.(*ast.TypeSpec)
			if structType, ok := named.Type.(*ast.StructType); ok && named.Name.Name == name {
				return structType, true
			}
		}
	}
	return nil, false
}

func typeText(expr ast.Expr) string {
	switch e := expr.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.ArrayType:
		return "[]" + typeText(e.Elt)
	case *ast.MapType:
		return "map[" + typeText(e.Key) + "]" + typeText(e.Value)
	}
	return fmt.Sprintf("%T", expr)
}

// Durations returns the keys that hold a duration: those that the plugin's
// function of that name reads.
func (s *Source) Durations() map[string]bool {
	keys := map[string]bool{}
	s.eachCall(func(call *ast.CallExpr) {
		if fn, ok := call.Fun.(*ast.Ident); ok && fn.Name == "duration" {
			if key, ok := literal(call.Args, 0); ok {
				keys[key] = true
			}
		}
	})
	return keys
}

// Messages returns what the plugin writes to its log, sorted: the texts given
// to a logger, and to what says a thing once.
func (s *Source) Messages() []string {
	set := map[string]bool{}
	s.eachCall(func(call *ast.CallExpr) {
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return
		}
		at := -1
		switch method.Sel.Name {
		case "Debug", "Info", "Warn", "Error":
			at = 0
		case "warn":
			if on, ok := method.X.(*ast.SelectorExpr); ok && on.Sel.Name == "hints" {
				at = 1
			}
		}
		if at < 0 {
			return
		}
		if text, ok := literal(call.Args, at); ok {
			set[text] = true
		}
	})
	list := make([]string, 0, len(set))
	for text := range set {
		list = append(list, text)
	}
	sort.Strings(list)
	return list
}

func (s *Source) eachCall(visit func(*ast.CallExpr)) {
	for _, file := range s.files {
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				visit(call)
			}
			return true
		})
	}
}

func literal(args []ast.Expr, at int) (string, bool) {
	if at >= len(args) {
		return "", false
	}
	lit, ok := args[at].(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// Statuses returns the answer's status of each reason word, as statusOf
// says, and the status of those that it does not name.
func (s *Source) Statuses() (byReason map[string]string, rest string, err error) {
	reasons, err := s.Constants("reason")
	if err != nil {
		return nil, "", err
	}
	byReason = map[string]string{}
	for _, file := range s.files {
		for _, decl := range file.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Name.Name != "statusOf" || fn.Recv != nil {
				continue
			}
			ast.Inspect(fn, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CaseClause:
					for _, expr := range n.List {
						if name, ok := expr.(*ast.Ident); ok && len(n.Body) == 1 {
							byReason[reasons[name.Name]] = returned(n.Body[0])
						}
					}
					return false
				case *ast.ReturnStmt:
					rest = returned(n)
				}
				return true
			})
		}
	}
	if rest == "" {
		return nil, "", fmt.Errorf("the plugin has no function statusOf; the documentation is compared with it")
	}
	return byReason, rest, nil
}

// returned is the name of the net/http constant that a return statement gives.
func returned(stmt ast.Stmt) string {
	ret, ok := stmt.(*ast.ReturnStmt)
	if !ok || len(ret.Results) != 1 {
		return ""
	}
	sel, ok := ret.Results[0].(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	return strings.TrimPrefix(sel.Sel.Name, "Status")
}
