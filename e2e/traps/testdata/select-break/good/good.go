// Package good turns the condition round.
package good

import "fmt"

// Run tells what came out.
func Run() string {
	ch := make(chan int, 1)
	said := ""
loop:
	for i := 0; ; i++ {
		ch <- i
		select { //traps:ok select-shared: one goroutine only
		case v := <-ch:
			if v == 3 {
				break loop
			}
			if v != 1 {
				said += fmt.Sprint(v)
			}
		}
		said += ","
	}
	return said
}
