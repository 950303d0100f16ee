// Package bad ranges over an integer.
package bad

import "fmt"

// Run tells what came out.
func Run() string {
	n := 0
	for i := range 3 { // want range-new
		n += i
	}
	return fmt.Sprint(n)
}
