// Package good binds it first.
package good

import "fmt"

func lookup() (int, error) { return 4, nil }

// Run tells what came out.
func Run() string {
	m := map[string]int{}
	n, _ := lookup()
	m["a"] = n
	return fmt.Sprint(m["a"])
}
