// Package bad has two constants a line.
package bad

import "fmt"

const (
	low, high   = iota, iota * 10
	left, right // want iota-pair
)

// Run tells what came out.
func Run() string {
	return fmt.Sprint(low, high, left, right)
}
