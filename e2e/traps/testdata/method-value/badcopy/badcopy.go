// Package badcopy keeps a method of a value.
package badcopy

import "fmt"

type counter struct{ n int }

func (c counter) get() int { return c.n }

// Run tells what came out.
func Run() string {
	c := counter{n: 1}
	get := c.get // want method-value
	c.n = 5
	return fmt.Sprint(get())
}
