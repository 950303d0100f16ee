// Package good keeps a pointer.
package good

import "fmt"

type settings struct{ leeway int }

// Run tells what came out.
func Run() string {
	var s *settings
	set := func() {
		s = &settings{leeway: 10}
	}
	set()
	return fmt.Sprint(s.leeway)
}
