// Package badcompare compares what it recovered.
package badcompare

import (
	"fmt"
	"net/http"
)

func abort() (aborted bool) {
	aborted = false
	defer func() {
		aborted = recover() == http.ErrAbortHandler // want recover-value
	}()
	panic(http.ErrAbortHandler)
}

// Run tells what came out.
func Run() string {
	return fmt.Sprint(abort())
}
