// Package bad asserts what may be nil.
package bad

import "fmt"

// Run tells what came out.
func Run() string {
	var v any
	_, ok := v.(error) // want assert-nil
	return fmt.Sprint(ok)
}
