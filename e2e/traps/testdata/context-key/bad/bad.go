// Package bad has a key of its own type.
package bad

import (
	"context"
	"fmt"
)

type userKey struct{}
type otherKey struct{}

// Run tells what came out.
func Run() string {
	ctx := context.WithValue(context.Background(), userKey{}, "alice") // want context-key
	return fmt.Sprint(ctx.Value(otherKey{}))
}
