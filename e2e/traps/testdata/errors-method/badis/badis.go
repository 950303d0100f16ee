// Package badis says what it is.
package badis

import (
	"errors"
	"fmt"
	"io"
)

type failure struct{}

func (f *failure) Error() string       { return "failure" }
func (f *failure) Is(other error) bool { return other == io.EOF } // want errors-method

// Run tells what came out.
func Run() string {
	return fmt.Sprint(errors.Is(&failure{}, io.EOF))
}
