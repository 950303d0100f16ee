package authproxy

import (
	"net/http"
	"strings"
	"sync"
)

// routeTable answers what the present policy says of a path, and remembers it.
type routeTable struct {
	memo *memo      // of paths that are not plain
	warm *warmTable // nil: none

	mu      sync.Mutex
	current *policy
}

// The bounds of the table of paths. Longer and rewritten paths are worked out each
// time.
const (
	maxRoutes     = 4096
	maxRouteBytes = 8 << 20
	maxRoutePath  = 1024
	routeBytes    = 400 // about what a route takes beside its path
)

func newRouteTable(po *policy, warm *warmTable) *routeTable {
	return &routeTable{memo: newMemo(maxRoutes, maxRouteBytes), warm: warm, current: po}
}

// policy returns the present policy.
func (t *routeTable) policy() *policy {
	t.mu.Lock()
	po := t.current
	t.mu.Unlock()
	return po
}

// replace puts another policy into force. A request that has already found its
// route is still decided by the former.
func (t *routeTable) replace(po *policy) {
	t.mu.Lock()
	t.current = po
	t.mu.Unlock()
	t.memo.clear()
	if t.warm != nil {
		t.warm.follow(po)
	}
}

// findRoute returns the route of a request's path.
func findRoute(t *routeTable, r *http.Request) *route {
	path := r.URL.Path
	if !differs(r, path) {
		po := t.policy()
		rt := plainRoute(po.plain, path)
		if rt != nil {
			return rt
		}
	}
	raw, other := forwardedPath(r)
	return t.find(raw, other)
}

// find returns the route of a path as it is forwarded; see forwardedPath.
func (t *routeTable) find(raw, other string) *route {
	if other == "" {
		known, ok := t.memo.table.Load(raw)
		if ok {
			return known.(*route)
		}
	}
	po := t.policy()
	rt := newRoute(po, raw, other)
	if other == "" && len(raw) <= maxRoutePath && !rt.bad {
		still := func() bool { return t.policy() == po }
		// A copy: raw is a part of the request's first line, which a long query would
		// keep in memory.
		t.memo.store(strings.Clone(raw), rt, len(raw)+routeBytes, still)
	}
	return rt
}
