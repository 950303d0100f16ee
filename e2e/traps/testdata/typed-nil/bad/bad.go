// Package bad returns a nil pointer as an error.
package bad

import "fmt"

type denied struct{}

func (d *denied) Error() string { return "denied" }

func check() error {
	var d *denied
	return d // want typed-nil
}

// Run tells what came out.
func Run() string {
	return fmt.Sprint(check() == nil)
}
