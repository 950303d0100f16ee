// Package good has results without names.
package good

import "fmt"

func turn() (int, int) {
	a := 1
	b := 2
	return b, a
}

// Run tells what came out.
func Run() string {
	a, b := turn()
	return fmt.Sprint(a, b)
}
