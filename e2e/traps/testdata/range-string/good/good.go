// Package good walks the bytes.
package good

import "fmt"

// Run tells what came out.
func Run() string {
	path := "\xff/admin/users"
	cut := 0
	for i := 0; i < len(path); i++ {
		if path[i] == '/' {
			cut = i
		}
	}
	for _, c := range path {
		if c == '\\' {
			return "wrong"
		}
	}
	return fmt.Sprint(cut)
}
