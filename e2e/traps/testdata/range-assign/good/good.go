// Package good assigns inside.
package good

import "fmt"

// Run tells what came out.
func Run() string {
	last := -1
	for i := range []string{"a", "b"} {
		last = i
	}
	return fmt.Sprint(last)
}
