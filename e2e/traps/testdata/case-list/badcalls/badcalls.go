// Package badcalls compares with two calls.
package badcalls

import "fmt"

func name(s string) string { return s }

func known(s string) bool {
	switch s {
	case name("a"), name("b"): // want case-list
		return true
	}
	return false
}

// Run tells what came out.
func Run() string {
	return fmt.Sprint(known("a"), known("b"), known("c"))
}
