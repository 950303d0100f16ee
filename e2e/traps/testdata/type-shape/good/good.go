// Package good gives the types different fields.
package good

import "fmt"

type realmRole struct{ realm string }
type clientRole struct{ client, name string }

// Run tells what came out.
func Run() string {
	var r any = clientRole{client: "shop", name: "admin"}
	_, ok := r.(realmRole)
	return fmt.Sprint(ok)
}
