// Package bad cuts a path behind a byte that is no UTF-8.
package bad

import "fmt"

// Run tells what came out.
func Run() string {
	path := "\xff/admin/users"
	cut := 0
	for i, c := range path { // want range-string
		if c == '/' {
			cut = i
		}
	}
	return fmt.Sprint(cut)
}
