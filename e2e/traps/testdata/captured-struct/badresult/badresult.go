// Package badresult sets a result where it recovers.
package badresult

import "fmt"

type decision struct{ status int }

func decide() (d decision) {
	d = decision{status: 200}
	defer func() {
		if r := recover(); r != nil {
			d = decision{status: 500} // want captured-struct
		}
	}()
	panic("x")
}

// Run tells what came out.
func Run() string {
	d := decide()
	return fmt.Sprint(d.status)
}
