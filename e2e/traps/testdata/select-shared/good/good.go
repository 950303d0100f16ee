// Package good receives from one channel, once it holds something.
package good

import (
	"fmt"
	"sync/atomic"
)

var wrong atomic.Int64

func receive(own chan int) int {
	got := -1
	if len(own) > 0 {
		v := <-own
		got = v
	}
	return got
}

func ask(id int, done chan bool) {
	defer func() {
		_ = recover()
		done <- true
	}()
	for turn := 0; turn < 3000 && wrong.Load() == 0; turn++ {
		own := make(chan int, 1)
		own <- id
		if receive(own) != id {
			wrong.Add(1)
		}
	}
}

// Run tells what came out.
func Run() string {
	done := make(chan bool, 8)
	for id := 1; id <= 8; id++ {
		go ask(id, done)
	}
	for id := 1; id <= 8; id++ {
		<-done
	}
	return fmt.Sprint(wrong.Load() == 0)
}
