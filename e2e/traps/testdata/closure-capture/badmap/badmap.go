// Package badmap stores closures in a sync.Map.
package badmap

import (
	"fmt"
	"sync"
)

// Run tells what came out.
func Run() string {
	var m sync.Map
	for i := 0; i < 2; i++ {
		i := i
		m.Store(i, func() int { return i }) // want closure-capture
	}
	first, _ := m.Load(0)
	return fmt.Sprint(first.(func() int)())
}
