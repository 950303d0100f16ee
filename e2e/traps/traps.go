// Package traps finds, in the plugin's sources, what compiled Go and Traefik's
// interpreter (yaegi v0.16.1) understand differently: code that every
// compiled test passes and that opens a door in Traefik.
//
// Each [Trap] has a pair of snippets in testdata, bad and good. The package's
// tests run both compiled and in the interpreter, so that every claim made in
// a diagnostic is proved, and the day the interpreter improves is noticed.
//
// A finding that cannot be helped is waived on its own line, with the trap's
// name and a reason:
//
//	go worker() //traps:ok goroutine-recover: worker recovers first thing
//
// A waiver without a reason, or one that waives nothing, is a finding itself.
package traps

import "sort"

// Trap is one thing that the interpreter does not do as compiled Go does.
type Trap struct {
	// Name is what a waiver calls it, and the name of its folder in testdata.
	Name string
	// Does says what the interpreter makes of such code.
	Does string
	// Instead says what to write.
	Instead string
	// InTests is set where the trap matters in tests too: there it makes a
	// test pass that has tested nothing.
	InTests bool

	check func(*file)
}

// All returns every trap, sorted by name.
func All() []*Trap {
	all := append([]*Trap(nil), registered...)
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all
}

// registered holds what the files of this package declare.
var registered []*Trap

func trap(t *Trap) *Trap {
	registered = append(registered, t)
	return t
}
