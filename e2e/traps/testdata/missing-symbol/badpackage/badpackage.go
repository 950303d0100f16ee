// Package badpackage runs a command.
package badpackage

import (
	"fmt"
	"os/exec" // want missing-symbol
)

// Run tells what came out.
func Run() string {
	_, err := exec.LookPath("/")
	return fmt.Sprint(err != nil)
}
