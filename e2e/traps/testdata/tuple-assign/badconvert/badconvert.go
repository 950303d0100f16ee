// Package badconvert assigns calls of which one changes its type.
package badconvert

import "fmt"

type failure struct{}

func (f *failure) Error() string { return "failure" }

func fail() *failure { return &failure{} }
func count() int     { return 4 }

// Run tells what came out.
func Run() string {
	n := 0
	var err error
	n, err = count(), fail() // want tuple-assign
	return fmt.Sprint(n, err)
}
