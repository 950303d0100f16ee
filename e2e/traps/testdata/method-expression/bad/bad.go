// Package bad takes the method off its type.
package bad

type role struct{ name string }

func (r role) text() string { return r.name }

// Run tells what came out.
func Run() string {
	text := role.text // want method-expression
	return text(role{name: "admin"})
}
