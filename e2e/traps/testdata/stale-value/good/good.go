// Package good looks at ok, or asserts in a function of its own.
package good

import "fmt"

func list(claim any) []any {
	roles, ok := claim.([]any)
	if !ok {
		return nil
	}
	return roles
}

// Run tells what came out.
func Run() string {
	said := ""
	for _, claim := range []any{[]any{"admin"}, "admin"} {
		said += fmt.Sprint(len(list(claim)), " ")
		roles, ok := claim.([]any)
		if ok && len(roles) > 5 {
			return "wrong"
		}
		if !ok {
			continue
		}
		if len(roles) != 1 {
			return "wrong"
		}
	}
	return said
}
