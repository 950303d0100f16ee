// Package badliteral assigns a struct beside a number.
package badliteral

import "fmt"

type window struct{ lines int }

// Run tells what came out.
func Run() string {
	var w window
	n := 0
	n, w = 5, window{lines: 3} // want tuple-assign
	return fmt.Sprint(n, w.lines)
}
