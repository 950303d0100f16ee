// Package badgo starts goroutines.
package badgo

import (
	"fmt"
	"time"
)

// Run tells what came out.
func Run() string {
	ch := make(chan int, 3)
	for i := 1; i < 4; i++ {
		go func() { // want closure-capture
			defer func() { _ = recover() }()
			time.Sleep(20 * time.Millisecond)
			ch <- i
		}()
	}
	a := <-ch
	b := <-ch
	c := <-ch
	return fmt.Sprint(a + b + c)
}
