// Package badmake returns a new map beside an error.
package badmake

import "fmt"

func table() (error, map[string]bool) {
	return nil, make(map[string]bool) // want return-builtin
}

// Run tells what came out.
func Run() string {
	err, m := table()
	return fmt.Sprint(err, len(m))
}
