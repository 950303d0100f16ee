// Package badcall sets a struct from a closure that calls.
package badcall

import "fmt"

type settings struct{ leeway int }

func load() settings { return settings{leeway: 10} }

// Run tells what came out.
func Run() string {
	var s settings
	set := func() {
		s = load() // want captured-struct
	}
	s = settings{leeway: 5}
	set()
	return fmt.Sprint(s.leeway)
}
