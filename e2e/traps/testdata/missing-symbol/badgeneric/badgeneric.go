// Package badgeneric uses a generic type.
package badgeneric

import (
	"fmt"
	"sync/atomic"
)

type keys struct{ n int }

var current atomic.Pointer[keys] // want missing-symbol

// Run tells what came out.
func Run() string {
	current.Store(&keys{n: 1})
	return fmt.Sprint(current.Load().n)
}
