// Package badcompiled keeps a method of a compiled type.
package badcompiled

import (
	"fmt"
	"sync"
)

// Run tells what came out.
func Run() string {
	m := &sync.Map{}
	m.Store("a", "b")
	load := m.Load // want method-value
	v, ok := load("a")
	return fmt.Sprint(v, ok)
}
