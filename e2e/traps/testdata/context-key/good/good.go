// Package good has the address of a variable.
package good

import (
	"context"
	"fmt"
)

var (
	userKey  = new(int)
	otherKey = new(int)
)

// Run tells what came out.
func Run() string {
	ctx := context.WithValue(context.Background(), userKey, "alice")
	return fmt.Sprint(ctx.Value(otherKey))
}
