// Package good puts the map into a variable first.
package good

import "fmt"

func holds(held map[string]bool, role string) bool { return held[role] }

func passes(role string, off bool) bool {
	admins := map[string]bool{"admin": true}
	if holds(admins, role) || off {
		return true
	}
	return false
}

// Run tells what came out.
func Run() string {
	return fmt.Sprint(passes("admin", false), passes("guest", false))
}
