// Package good counts.
package good

import "fmt"

// Run tells what came out.
func Run() string {
	n := 0
	for i := 0; i < 3; i++ {
		n += i
	}
	return fmt.Sprint(n)
}
