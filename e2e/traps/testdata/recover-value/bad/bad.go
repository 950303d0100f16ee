// Package bad asserts what it recovered.
package bad

import (
	"fmt"
	"io"
)

func check() (err error) {
	err = nil
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(error) // want recover-value
			if ok {
				err = e
			}
		}
	}()
	panic(io.EOF)
}

// Run tells what came out.
func Run() string {
	return fmt.Sprint(check())
}
