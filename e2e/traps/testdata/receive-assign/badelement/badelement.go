// Package badelement receives into an element.
package badelement

import "fmt"

// Run tells what came out.
func Run() string {
	ch := make(chan int, 1)
	ch <- 4
	list := []int{0}
	list[0] = <-ch // want receive-assign
	return fmt.Sprint(list[0])
}
