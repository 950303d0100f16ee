// Package good has one a line.
package good

import "fmt"

const (
	low  = 0
	left = iota
)

const (
	high  = 0
	right = iota * 10
)

// Run tells what came out.
func Run() string {
	return fmt.Sprint(low, high, left, right)
}
