// Package good defers over what stays as it is.
package good

var log string

func note(s string) { log += s }

func work() {
	state := "start"
	first := state
	defer note(first)
	state = "end"
	log += state + " "
}

// Run tells what came out.
func Run() string {
	work()
	return log
}
