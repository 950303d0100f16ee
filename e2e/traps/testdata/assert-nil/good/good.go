// Package good looks for nil first.
package good

import "fmt"

func isError(v any) bool {
	if v == nil {
		return false
	}
	_, ok := v.(error)
	return ok
}

// Run tells what came out.
func Run() string {
	return fmt.Sprint(isError(nil))
}
