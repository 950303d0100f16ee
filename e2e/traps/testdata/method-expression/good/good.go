// Package good writes a literal.
package good

type role struct{ name string }

func (r role) text() string { return r.name }

// Run tells what came out.
func Run() string {
	text := func(r role) string { return r.text() }
	return text(role{name: "admin"})
}
