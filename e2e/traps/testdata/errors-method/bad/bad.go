// Package bad unwraps by a method.
package bad

import (
	"errors"
	"fmt"
	"io"
)

type failure struct{ cause error }

func (f *failure) Error() string { return "failure" }
func (f *failure) Unwrap() error { return f.cause } // want errors-method

// Run tells what came out.
func Run() string {
	return fmt.Sprint(errors.Is(&failure{cause: io.EOF}, io.EOF))
}
