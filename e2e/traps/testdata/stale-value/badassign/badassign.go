// Package badassign assigns with = to what it held before.
package badassign

import "fmt"

// Run tells what came out.
func Run() string {
	user := "alice"
	var claim any = 7
	ok := false
	user, ok = claim.(string)
	return fmt.Sprintf("%q %v", user, ok) // want stale-value
}
