// Package bad counts with a limit that is declared further down.
package bad

import "fmt"

var limit = double() // want init-order

func double() int { return base * 2 }

var base = 5

// Run tells what came out.
func Run() string {
	return fmt.Sprint(limit)
}
