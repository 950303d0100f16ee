// Package badswitch switches on two types with the same fields.
package badswitch

type realmRole struct{ name string }
type clientRole struct{ name string }

func kind(r any) string {
	switch r.(type) {
	case *realmRole: // want type-shape
		return "realm"
	case *clientRole: // want type-shape
		return "client"
	}
	return "other"
}

// Run tells what came out.
func Run() string {
	return kind(&clientRole{name: "admin"})
}
