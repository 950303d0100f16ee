// Package good sums a slice of it.
package good

import "fmt"

func sum(table *[3]int) int {
	n := 0
	for _, v := range table[:] {
		n += v
	}
	return n
}

// Run tells what came out.
func Run() string {
	return fmt.Sprint(sum(&[3]int{1, 2, 3}))
}
