// Package bad switches on its own error.
package bad

type denied struct{ reason string }

func (d *denied) Error() string { return d.reason }

func check() error { return &denied{reason: "roles"} }

// Run tells what came out.
func Run() string {
	switch err := check().(type) {
	case *denied: // want type-switch-error
		return "denied: " + err.reason
	}
	return "broken"
}
