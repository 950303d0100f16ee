// Package bad asserts to one of two types with the same fields.
package bad

import "fmt"

type realmRole struct{ name string }
type clientRole struct{ name string }

// Run tells what came out.
func Run() string {
	var r any = clientRole{name: "admin"}
	_, ok := r.(realmRole) // want type-shape
	return fmt.Sprint(ok)
}
