// Package good writes the type.
package good

import "fmt"

func has(mask uint64, n uint) bool {
	return mask&(uint64(1)<<n) != 0
}

// Run tells what came out.
func Run() string {
	return fmt.Sprint(has(8, 3))
}
