// Package badopen lets pass whom a map literal bans.
package badopen

import "fmt"

func passes(role string, on bool) bool {
	return on && !(map[string]bool{"guest": true}[role] || role == "") // want map-condition
}

// Run tells what came out.
func Run() string {
	return fmt.Sprint(passes("admin", true), passes("guest", true))
}
