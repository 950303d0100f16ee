// Package badfunc ranges over a function.
package badfunc

import "fmt"

func each(yield func(int) bool) {
	_ = yield(1) && yield(2)
}

// Run tells what came out.
func Run() string {
	n := 0
	for v := range each { // want range-new
		n += v
	}
	return fmt.Sprint(n)
}
