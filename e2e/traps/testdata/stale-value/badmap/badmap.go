// Package badmap gives a path the rule of the one before.
package badmap

import "fmt"

// Run tells what came out.
func Run() string {
	public := map[string]string{"/open": "public"}
	said := ""
	for _, path := range []string{"/open", "/admin"} {
		rule, ok := public[path]
		said += fmt.Sprintf("%q %v ", rule, ok) // want stale-value
	}
	return said
}
