// Package bad asks a map literal within a condition.
package bad

import "fmt"

func holds(held map[string]bool, role string) bool { return held[role] }

func passes(role string, off bool) bool {
	if holds(map[string]bool{"admin": true}, role) || off { // want map-condition
		return true
	}
	return false
}

// Run tells what came out.
func Run() string {
	return fmt.Sprint(passes("admin", false), passes("guest", false))
}
