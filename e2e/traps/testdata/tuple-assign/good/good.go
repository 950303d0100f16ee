// Package good assigns line by line, and at once only what is at hand.
package good

import "fmt"

type cache struct{ current, old map[string]bool }

// Run tells what came out.
func Run() string {
	c := &cache{current: map[string]bool{"a": true}}
	c.old = c.current
	c.current = make(map[string]bool)
	a, b := 1, 2
	a, b = b, a+b
	if a != 2 || b != 3 {
		return "wrong"
	}
	return fmt.Sprint(len(c.old), len(c.current))
}
