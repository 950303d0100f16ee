// Package bad asserts to an interface of its own.
package bad

type named interface{ name() string }

type role struct{ text string }

func (r role) name() string { return r.text }

// Run tells what came out.
func Run() string {
	said := ""
	for _, v := range []any{role{text: "admin"}, &role{text: "user"}} {
		said += v.(named).name() + " " // want assert-own-interface
	}
	return said
}
