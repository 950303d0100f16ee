// Package good returns it unwrapped and asserts.
package good

type denied struct{ reason string }

func (d *denied) Error() string { return d.reason }

func check() error { return &denied{reason: "roles"} }

// Run tells what came out.
func Run() string {
	err := check()
	d, ok := err.(*denied)
	if ok {
		return d.reason
	}
	return "broken"
}
