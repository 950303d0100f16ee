// Package bad returns its results in turn.
package bad

import "fmt"

func turn() (a, b int) {
	a = 1
	b = 2
	return b, a // want return-order
}

// Run tells what came out.
func Run() string {
	a, b := turn()
	return fmt.Sprint(a, b)
}
