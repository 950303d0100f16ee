// Package good has a variable for each.
package good

import "fmt"

type worker struct {
	name string
	said chan string
}

func (w *worker) run() {
	defer func() { _ = recover() }()
	w.said <- w.name
}

func once() string {
	said := make(chan string, 1)
	w := &worker{name: "first", said: said}
	go w.run()
	next := &worker{name: "second", said: said}
	name := <-next.said
	return name
}

// Run tells what came out.
func Run() string {
	wrong := false
	for i := 0; i < 100; i++ {
		if once() != "first" {
			wrong = true
		}
	}
	return fmt.Sprint(wrong)
}
