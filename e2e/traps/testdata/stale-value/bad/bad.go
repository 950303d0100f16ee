// Package bad gives a client the roles of the one before.
package bad

import "fmt"

// Run tells what came out.
func Run() string {
	said := ""
	for _, claim := range []any{[]any{"admin"}, "admin"} {
		roles, _ := claim.([]any) // want stale-value
		said += fmt.Sprint(len(roles), " ")
	}
	return said
}
