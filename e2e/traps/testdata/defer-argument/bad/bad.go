// Package bad changes a variable that a deferred call was given.
package bad

var log string

func note(s string) { log += s }

func work() {
	state := "start"
	defer note(state) // want defer-argument
	state = "end"
	log += state + " "
}

// Run tells what came out.
func Run() string {
	work()
	return log
}
