// Package badchange keeps a method, and the variable changes.
package badchange

import "fmt"

type counter struct{ n int }

func (c *counter) get() int { return c.n }

// Run tells what came out.
func Run() string {
	c := &counter{n: 1}
	get := c.get // want method-value
	c = &counter{n: 5}
	return fmt.Sprint(get(), c.n)
}
