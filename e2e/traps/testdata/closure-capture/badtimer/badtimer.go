// Package badtimer gives closures to timers.
package badtimer

import (
	"fmt"
	"time"
)

// Run tells what came out.
func Run() string {
	ch := make(chan int, 3)
	for i := 0; i < 3; i++ {
		i := i
		time.AfterFunc(time.Duration(i)*20*time.Millisecond, func() { // want closure-capture
			defer func() { _ = recover() }()
			ch <- i
		})
	}
	a := <-ch
	b := <-ch
	c := <-ch
	return fmt.Sprint(a, b, c)
}
