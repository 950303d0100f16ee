// Package badreceiver changes the variable that a deferred method belongs to.
package badreceiver

import "fmt"

type lock struct {
	name string
	open bool
}

func (l *lock) unlock() { l.open = true }

// Run tells what came out.
func Run() string {
	a, b := &lock{name: "a"}, &lock{name: "b"}
	func() {
		held := a
		defer held.unlock() // want defer-argument
		held = b
		held.open = false
	}()
	return fmt.Sprint(a.open, b.open)
}
