// Package bad uses a builtin.
package bad

import "fmt"

// Run tells what came out.
func Run() string {
	return fmt.Sprint(min(1, 2)) // want missing-symbol
}
