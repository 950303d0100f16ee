// Package badassign assigns the answer to a variable that was true.
package badassign

import "fmt"

func allowed() (ok bool) {
	return ok // want named-result
}

// Run tells what came out.
func Run() string {
	ok := true
	ok = allowed()
	return fmt.Sprint(ok)
}
