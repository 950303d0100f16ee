// Package badloop defers in a loop.
package badloop

import "fmt"

var log string

func note(n int) { log += fmt.Sprint(n, " ") }

func work() {
	for i := 0; i < 3; i++ {
		defer note(i) // want defer-argument
	}
}

// Run tells what came out.
func Run() string {
	work()
	return log
}
