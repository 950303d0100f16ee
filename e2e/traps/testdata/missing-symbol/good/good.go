// Package good writes it out.
package good

import (
	"fmt"
	"slices"
)

// Run tells what came out.
func Run() string {
	a, b := 1, 2
	if slices.Contains([]string{"x"}, "y") {
		return "wrong"
	}
	if b < a {
		a = b
	}
	return fmt.Sprint(a)
}
