// Package bad turns over two generations in one statement.
package bad

import "fmt"

type cache struct{ current, old map[string]bool }

// Run tells what came out.
func Run() string {
	c := &cache{current: map[string]bool{"a": true}}
	c.old, c.current = c.current, make(map[string]bool) // want tuple-assign
	return fmt.Sprint(len(c.old), len(c.current))
}
