// Package micro measures single steps inside the interpreter, without
// Traefik and without a network: operations of the language, and the plugin's
// ways through ServeHTTP. A regression that the benchmark in Traefik shows has
// its address here.
//
// In Traefik the same step costs several times as much, as its caches are
// cold and its garbage is collected beside others'. What carries over is the
// order, and the number of allocations.
package micro
