// Package bad sets a struct from a closure.
package bad

import "fmt"

type settings struct{ leeway int }

// Run tells what came out.
func Run() string {
	var s settings
	set := func() {
		s = settings{leeway: 10} // want captured-struct
	}
	set()
	return fmt.Sprint(s.leeway)
}
