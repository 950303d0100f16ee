// Package badsum adds before it returns the operand.
package badsum

import "fmt"

func sum() (a, b int) {
	a = 1
	b = 2
	return a + b, a // want return-order
}

// Run tells what came out.
func Run() string {
	a, b := sum()
	return fmt.Sprint(a, b)
}
