// Package good binds the length first.
package good

import "fmt"

func count(list []string) (int, int) {
	n := len(list)
	return 7, n
}

func first(list []string) (int, bool) {
	return len(list), len(list) > 1
}

// Run tells what came out.
func Run() string {
	a, b := count([]string{"a", "b"})
	if n, several := first(nil); n != 0 || several {
		return "wrong"
	}
	return fmt.Sprint(a, b)
}
