package authproxy

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// regular is what the warm way knows of a token that has been let through: the paths
// on which it was, and whom it speaks for there. It is immutable.
type regular struct {
	paths    map[string]bool
	expires  time.Time
	user     string
	identity []identityValue
}

// warmTable is what one gate knows by heart: immutable maps, so that a hit neither
// locks nor writes, replaced as a whole when there is more to know. What is in them
// came from the verifier's cache and the policy, and leaves when either forgets.
type warmTable struct {
	paths    *atomic.Value // of *knownPaths
	regulars *atomic.Value // of map[string]*regular, by the header that holds the token

	mu           sync.Mutex
	learnt       map[string]*route   // not yet in paths
	shown        map[string]*regular // not yet in regulars
	regularBytes int                 // about what regulars and shown take
	published    time.Time
}

// knownPaths are the routes of paths.
type knownPaths struct {
	routes map[string]*route
	plain  map[string]*route // the present policy's, for plain paths that are not in routes
}

const (
	// The maps are replaced once a second at most, apart from their first entries:
	// copying 10,000 entries takes the interpreter some milliseconds.
	publishEvery    = time.Second
	publishSmall    = 128
	maxWarmPaths    = 4096
	learnOneOf      = 32
	maxRegularBytes = 4 << 20
	regularBytes    = 500 // about what a regular takes beside its paths
	pathBytes       = 60  // about what a path takes in a regular beside its text
)

func newWarmTable(po *policy) *warmTable {
	t := &warmTable{paths: &atomic.Value{}, regulars: &atomic.Value{}}
	t.restart(po.plain)
	return t
}

// restart forgets everything but the plain paths given.
func (t *warmTable) restart(plain map[string]*route) {
	t.learnt = map[string]*route{}
	t.paths.Store(&knownPaths{routes: map[string]*route{}, plain: plain})
	t.dropRegulars()
}

func (t *warmTable) dropRegulars() {
	t.shown = map[string]*regular{}
	t.regularBytes = 0
	t.regulars.Store(map[string]*regular{})
}

// forget drops every token. Whoever calls it has made sure that what must go is no
// longer valid, so that it cannot come back.
func (t *warmTable) forget() {
	t.mu.Lock()
	t.dropRegulars()
	t.mu.Unlock()
}

// follow starts afresh with another policy.
func (t *warmTable) follow(po *policy) {
	t.mu.Lock()
	t.restart(po.plain)
	t.mu.Unlock()
}

// learn remembers the route of a request that the whole way has let pass, if the
// warm way could have done it and the policy is still the same.
func learn(g *gate, r *http.Request, rt *route) {
	path := r.URL.Path
	if !rt.simple || len(path) > maxRoutePath || r.URL.EscapedPath() != path ||
		r.RequestURI != path && !onlyQueryFollows(r.RequestURI, path) {
		return
	}
	t := g.warm
	t.mu.Lock()
	if g.routes.policy().serial == rt.serial && len(t.learnt) < maxWarmPaths {
		t.learnt[path] = rt
		t.publishDue(time.Now())
	}
	t.mu.Unlock()
}

// show remembers that a token was let through on a path, if the cache still has the
// token and the policy is still the same.
func show(g *gate, header string, p *principal, path string, rt *route) {
	t := g.warm
	t.mu.Lock()
	if remembered(g.verifier.cache, header) == p && g.routes.policy().serial == rt.serial {
		t.addPath(header, p, path)
		t.publishDue(time.Now())
	}
	t.mu.Unlock()
}

// addPath adds a path to those of a token. The caller holds mu.
func (t *warmTable) addPath(header string, p *principal, path string) {
	former := t.shown[header]
	if former == nil {
		former = t.regulars.Load().(map[string]*regular)[header]
	}
	if former != nil && former.paths[path] {
		return
	}
	if t.regularBytes > maxRegularBytes {
		t.dropRegulars()
		former = nil
	}
	next := &regular{paths: map[string]bool{path: true}, expires: p.expires, user: p.user, identity: p.identity}
	t.regularBytes += len(path) + pathBytes
	if former == nil {
		t.regularBytes += regularBytes
	} else {
		for other := range former.paths {
			next.paths[other] = true
		}
	}
	t.shown[header] = next
}

// publishDue puts what was learnt into force if it is time. The caller holds mu.
func (t *warmTable) publishDue(now time.Time) {
	if len(t.learnt)+len(t.shown) == 0 {
		return
	}
	paths := t.paths.Load().(*knownPaths)
	regulars := t.regulars.Load().(map[string]*regular)
	if len(paths.routes)+len(regulars) >= publishSmall && now.Sub(t.published) < publishEvery {
		return
	}
	t.published = now
	if len(t.learnt) > 0 {
		t.publishPaths(paths)
	}
	if len(t.shown) > 0 {
		t.publishRegulars(regulars)
	}
}

// publishPaths makes paths anew; where they would become too many, of those learnt
// last alone. The caller holds mu.
func (t *warmTable) publishPaths(former *knownPaths) {
	next := t.learnt
	if len(former.routes)+len(next) <= maxWarmPaths {
		for path, rt := range former.routes {
			next[path] = rt
		}
	}
	t.learnt = map[string]*route{}
	t.paths.Store(&knownPaths{routes: next, plain: former.plain})
}

// publishRegulars makes regulars anew. The caller holds mu.
func (t *warmTable) publishRegulars(former map[string]*regular) {
	next := make(map[string]*regular, len(former)+len(t.shown))
	for header, one := range former {
		next[header] = one
	}
	for header, one := range t.shown {
		next[header] = one
	}
	t.shown = map[string]*regular{}
	t.regulars.Store(next)
}
