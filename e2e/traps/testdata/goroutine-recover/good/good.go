// Package good recovers first thing.
package good

import "time"

// Run tells what came out.
func Run() string {
	done := make(chan bool, 1)
	go func() {
		defer func() {
			_ = recover()
			done <- true
		}()
		var m map[string]bool
		m["a"] = true
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
	}
	return "alive"
}
