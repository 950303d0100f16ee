// Package stories tells what becomes of good requests while the issuer's keys
// change, its answers go wrong, it is away, or Traefik reloads: each story
// once, in the issuer's language, and run against the plugin compiled, in the
// interpreter and in real Traefik.
//
// A Gateway is one of these ways as a process of its own: it has an address
// to send requests to, a configuration that can be loaded anew, a standard
// output with the plugin's lines, and a count of its goroutines. Traffic
// sends requests at a constant rate and counts what became of them. Both also
// serve the longer run of cmd/soak.
//
// The tests in this package are the stories. Flag -long tells them at full
// length.
package stories
