// Package bad looks for its own error.
package bad

import (
	"errors"
	"fmt"
)

type denied struct{ reason string }

func (d *denied) Error() string { return d.reason }

// Run tells what came out.
func Run() string {
	err := fmt.Errorf("check: %w", &denied{reason: "roles"})
	var d *denied
	if errors.As(err, &d) { // want errors-as
		return d.reason
	}
	return "broken"
}
