// Package badmap has caches that know their source and a source that knows its caches.
package badmap

import "fmt"

type source struct { // want type-cycle
	caches map[*cache]bool
}

type cache struct { // want type-cycle
	entries map[string]*entry
	source  *source
}

type entry struct { // want type-cycle
	source *source
	cache  *cache
}

// Run tells what came out.
func Run() string {
	s := &source{caches: map[*cache]bool{}}
	c := &cache{entries: map[string]*entry{}, source: s}
	s.caches[c] = true
	c.entries["a"] = &entry{source: s, cache: c}
	return fmt.Sprint(len(c.entries["a"].source.caches))
}
