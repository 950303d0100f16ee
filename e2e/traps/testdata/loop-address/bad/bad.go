// Package bad keeps pointers to the loop's variable.
package bad

import "fmt"

// Run tells what came out.
func Run() string {
	var all []*int
	for _, v := range []int{1, 2, 3} {
		all = append(all, &v) // want loop-address
	}
	return fmt.Sprint(*all[0], *all[1], *all[2])
}
