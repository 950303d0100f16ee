// Package bad passes nil as the whole list.
package bad

import "fmt"

func count(list ...any) int { return len(list) }

// Run tells what came out.
func Run() string {
	return fmt.Sprint(count(nil...)) // want variadic-nil
}
