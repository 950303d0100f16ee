// Package good wraps with the standard library.
package good

import (
	"errors"
	"fmt"
	"io"
)

// Run tells what came out.
func Run() string {
	err := fmt.Errorf("failure: %w", io.EOF)
	return fmt.Sprint(errors.Is(err, io.EOF))
}
