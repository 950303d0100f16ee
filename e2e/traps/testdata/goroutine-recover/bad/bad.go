// Package bad writes to a nil map on a goroutine.
package bad

import "time"

// Run tells what came out.
func Run() string {
	go func() { // want goroutine-recover
		var m map[string]bool
		m["a"] = true
	}()
	time.Sleep(5 * time.Second)
	return "alive"
}
