// Package good recovers first thing.
package good

import "context"

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
	<-done
	ctx, cancel := context.WithCancel(context.Background())
	context.AfterFunc(ctx, cancel)
	cancel()
	return "alive"
}
