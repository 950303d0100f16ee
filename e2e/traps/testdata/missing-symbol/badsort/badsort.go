// Package badsort sorts.
package badsort

import (
	"fmt"
	"slices"
)

// Run tells what came out.
func Run() string {
	list := []string{"b", "a"}
	slices.Sort(list) // want missing-symbol
	return fmt.Sprint(list)
}
