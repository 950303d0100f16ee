// Package bad sums through a pointer.
package bad

import "fmt"

func sum(table *[3]int) int {
	n := 0
	for _, v := range table { // want range-array-pointer
		n += v
	}
	return n
}

// Run tells what came out.
func Run() string {
	return fmt.Sprint(sum(&[3]int{1, 2, 3}))
}
