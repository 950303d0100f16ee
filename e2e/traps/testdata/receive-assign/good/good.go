// Package good receives into a variable of its own.
package good

import "fmt"

type box struct{ value int }

// Run tells what came out.
func Run() string {
	ch := make(chan int, 1)
	ch <- 4
	b := &box{}
	v := <-ch
	b.value = v
	return fmt.Sprint(b.value)
}
