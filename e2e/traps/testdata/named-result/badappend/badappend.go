// Package badappend collects what the calls before have collected.
package badappend

import "fmt"

func names(list ...string) (out []string) {
	for _, name := range list {
		out = append(out, name) // want named-result
	}
	return out
}

// Run tells what came out.
func Run() string {
	last := 0
	for _, name := range []string{"a", "b", "c"} {
		last = len(names(name))
	}
	return fmt.Sprint(last)
}
