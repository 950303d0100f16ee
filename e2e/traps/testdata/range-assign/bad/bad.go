// Package bad looks for the last index.
package bad

import "fmt"

// Run tells what came out.
func Run() string {
	last := -1
	for last = range []string{"a", "b"} { // want range-assign
	}
	return fmt.Sprint(last)
}
