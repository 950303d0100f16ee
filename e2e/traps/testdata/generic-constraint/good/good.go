// Package good has the type.
package good

import "fmt"

func sum(list ...int) int {
	total := 0
	for _, v := range list {
		total += v
	}
	return total
}

// Run tells what came out.
func Run() string {
	return fmt.Sprint(sum(1, 2))
}
