// Package good declares before use.
package good

import "fmt"

var base = 5

var limit = double()

func double() int { return base * 2 }

// Run tells what came out.
func Run() string {
	return fmt.Sprint(limit)
}
