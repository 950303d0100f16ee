// Package bad receives into a field.
package bad

import "fmt"

type box struct{ value int }

// Run tells what came out.
func Run() string {
	ch := make(chan int, 1)
	ch <- 4
	b := &box{}
	b.value = <-ch // want receive-assign
	return fmt.Sprint(b.value)
}
