// Package bad returns a length beside a number.
package bad

import "fmt"

func count(list []string) (int, int) {
	return 7, len(list) // want return-builtin
}

// Run tells what came out.
func Run() string {
	a, b := count([]string{"a", "b"})
	return fmt.Sprint(a, b)
}
