// Package bad skips a turn.
package bad

import "fmt"

// Run tells what came out.
func Run() string {
	ch := make(chan int, 1)
	said := ""
	for i := 0; i < 3; i++ {
		ch <- i
		select { //traps:ok select-shared: one goroutine only
		case v := <-ch:
			if v == 1 {
				break // want select-break
			}
			said += fmt.Sprint(v)
		}
		said += ","
	}
	return said
}
