// Package bad writes to a nil map on a goroutine.
package bad

import "time"

// Run tells what came out.
func Run() string {
	done := make(chan bool, 1)
	go func() { // want goroutine-recover
		var m map[string]bool
		m["a"] = true
		done <- true
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
	}
	return "alive"
}
