// Package good keeps the interface.
package good

type named interface{ name() string }

type role struct{ text string }

func (r role) name() string { return r.text }

// Run tells what came out.
func Run() string {
	said := ""
	for _, v := range []named{role{text: "admin"}, &role{text: "user"}} {
		said += v.name() + " "
	}
	return said
}
