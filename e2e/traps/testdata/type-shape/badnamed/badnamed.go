// Package badnamed tells a named string from a string.
package badnamed

import "fmt"

type verified string

// Run tells what came out.
func Run() string {
	var claim any = "admin"
	_, ok := claim.(verified) // want type-shape
	return fmt.Sprint(ok)
}
