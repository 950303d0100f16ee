// Package bad receives into a variable from outside.
package bad

import "fmt"

// Run tells what came out.
func Run() string {
	ch := make(chan int, 1)
	ch <- 4
	value := 0
	select { //traps:ok select-shared: one goroutine only
	case value = <-ch: // want select-assign
	}
	return fmt.Sprint(value)
}
