// Package bad has a union.
package bad

import "fmt"

type number interface {
	~int | ~float64 // want generic-constraint
}

func sum[T number](list ...T) T {
	var total T
	for _, v := range list {
		total += v
	}
	return total
}

// Run tells what came out.
func Run() string {
	return fmt.Sprint(sum(1, 2))
}
