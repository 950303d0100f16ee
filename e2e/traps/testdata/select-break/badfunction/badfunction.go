// Package badfunction leaves a select without a loop.
package badfunction

func wait(ch chan int) string {
	select { //traps:ok select-shared: one goroutine only
	case v := <-ch:
		if v == 1 {
			break // want select-break
		}
		return "other"
	}
	return "one"
}

// Run tells what came out.
func Run() string {
	ch := make(chan int, 1)
	ch <- 1
	return wait(ch)
}
