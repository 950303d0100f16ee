// Package good returns an error where there is one.
package good

import "fmt"

type denied struct{}

func (d *denied) Error() string { return "denied" }

func check() error {
	return &denied{}
}

// Run tells what came out.
func Run() string {
	return fmt.Sprint(check() == nil)
}
