// Package badloop captures the loop's variable.
package badloop

import "fmt"

// Run tells what came out.
func Run() string {
	var all []func() int
	for i := 0; i < 3; i++ {
		all = append(all, func() int { return i }) // want closure-capture
	}
	return fmt.Sprint(all[0](), all[1](), all[2]())
}
