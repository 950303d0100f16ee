// Package bad tests a bit of a mask.
package bad

import "fmt"

func has(mask uint64, n uint) bool {
	return mask&(1<<n) != 0 // want untyped-shift
}

// Run tells what came out.
func Run() string {
	return fmt.Sprint(has(8, 3))
}
