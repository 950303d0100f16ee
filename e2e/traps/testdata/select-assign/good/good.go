// Package good assigns inside.
package good

import "fmt"

// Run tells what came out.
func Run() string {
	ch := make(chan int, 1)
	ch <- 4
	value := 0
	select { //traps:ok select-shared: one goroutine only
	case v := <-ch:
		value = v
	}
	return fmt.Sprint(value)
}
