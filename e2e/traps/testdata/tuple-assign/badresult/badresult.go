// Package badresult sets two results where it recovers.
package badresult

import (
	"errors"
	"fmt"
)

func check() (n int, err error) {
	defer func() {
		if r := recover(); r != nil {
			n, err = -1, errors.New("panic") // want tuple-assign
		}
	}()
	n = 3
	panic("x")
}

// Run tells what came out.
func Run() string {
	n, err := check()
	return fmt.Sprint(n, err)
}
