// Package badcaptured receives into a variable of the function around it.
package badcaptured

import "fmt"

// Run tells what came out.
func Run() string {
	ch := make(chan int, 1)
	ch <- 4
	value := 0
	func() {
		value = <-ch // want receive-assign
	}()
	return fmt.Sprint(value)
}
