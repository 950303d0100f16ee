// Package badslice keeps slices of arrays made in the loop.
package badslice

import "fmt"

// Run tells what came out.
func Run() string {
	var all [][]int
	for i := 0; i < 2; i++ {
		pair := [2]int{i, i}
		all = append(all, pair[:]) // want loop-address
	}
	return fmt.Sprint(all[0], all[1])
}
