package verdict

import (
	"maps"
	"net/http"
	"slices"
	"sync"

	"github.com/labs64/traefik-authproxy/e2e/backend"
)

// recorder is the service behind the plugin: the echo backend, and what it
// does not report.
type recorder struct {
	backend.Echo
	// wire says that requests come over a connection of Traefik's. In process
	// the trailer is net/http's own map, which it fills when the body has been
	// read, whatever a middleware did to it.
	wire bool

	mu      sync.Mutex
	trailer http.Header
}

// ServeHTTP lets the backend read the body and answer; trailers are known
// only then.
func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.Echo.ServeHTTP(w, req)
	if !r.wire {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trailer = req.Trailer.Clone()
}

// reset forgets the requests so far.
func (r *recorder) reset() {
	r.Echo.Reset()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trailer = nil
}

// seen returns how often the service was asked, and those of the last
// request's headers that a backend might take for one of the names, however
// they are spelled. A trailer counts too, under a name of its own.
func (r *recorder) seen(names []string) (count int, lines []string) {
	last, ok := r.Echo.Last()
	if !ok {
		return 0, nil
	}
	r.mu.Lock()
	trailer := backend.Seen{Headers: r.trailer}
	r.mu.Unlock()
	for _, name := range names {
		for _, value := range last.Named(name) {
			lines = append(lines, seenLine(name, value))
		}
		for _, value := range trailer.Named(name) {
			lines = append(lines, seenLine("trailer "+name, value))
		}
	}
	return r.Echo.Count(), lines
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
