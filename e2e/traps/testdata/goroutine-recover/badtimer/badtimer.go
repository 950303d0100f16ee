// Package badtimer panics in a timer.
package badtimer

import "time"

// Run tells what came out.
func Run() string {
	time.AfterFunc(time.Millisecond, func() { // want goroutine-recover
		var m map[string]bool
		m["a"] = true
	})
	time.Sleep(5 * time.Second)
	return "alive"
}
