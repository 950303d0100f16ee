// Package good prints what it recovered.
package good

import (
	"fmt"
	"io"
)

func check() (text string) {
	text = ""
	defer func() {
		if r := recover(); r != nil {
			text = fmt.Sprint(r)
		}
	}()
	panic(io.EOF)
}

// Run tells what came out.
func Run() string {
	return check()
}
