// Package bad stores one of a call's results.
package bad

import "fmt"

func lookup() (int, error) { return 4, nil }

// Run tells what came out.
func Run() string {
	m := map[string]int{}
	m["a"], _ = lookup() // want map-target
	return fmt.Sprint(m["a"])
}
