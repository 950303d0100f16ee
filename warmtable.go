package authproxy

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// regular is what the warm way knows of a token that has been let through: some of
// the paths on which it was, and whom it speaks for. Once published it is immutable.
type regular struct {
	paths   map[string]string // with user, to be found in one step
	roles   map[string]bool
	expires time.Time
	user    string
	further []identityValue
}

// warmTable is what one gate knows by heart: immutable maps, so that a hit neither
// locks nor writes, replaced as a whole when there is more to know. What is in them
// came from the verifier's cache and the policy, and leaves when either forgets.
type warmTable struct {
	cold     bool          // the gate's way is coldWay
	paths    *atomic.Value // of *knownPaths
	regulars *atomic.Value // of map[string]*regular, by the header that holds the token
	// byHeart holds the paths of those regulars that do not end soon; see sweep. It is of
	// map[string]map[string]string.
	byHeart *atomic.Value

	mu           sync.Mutex
	learnt       map[string]*route   // not yet in paths
	shown        map[string]*regular // not yet in regulars
	regularBytes int                 // about what regulars and shown take
	published    time.Time
	emptied      time.Time // when regulars had become too many
	earliest     time.Time // when the first of byHeart ends
	swept        time.Time
	sweeper      *time.Timer // nil while byHeart is empty
	watchdog     *time.Timer
}

// knownPaths are the routes of paths.
type knownPaths struct {
	routes map[string]*route
	public map[string]bool // those that are
	// Where there is a coldWay, roles are the roles of which a path wants any one, nil
	// where it is content without.
	roles map[string]map[string]bool
	plain map[string]*route // the present policy's, for plain paths that are not in routes
}

const (
	// The maps are replaced once a second at most, apart from their first entries:
	// copying 10,000 entries takes the interpreter some milliseconds.
	publishEvery    = time.Second
	publishSmall    = 128
	maxWarmPaths    = 4096
	emptyEvery      = time.Minute
	learnOneOf      = 32
	showOneOf       = 8
	maxRegularPaths = 256 // of one token: adding one copies them, once a second
	maxRegularBytes = 4 << 20
	regularBytes    = 500 // about what a regular takes beside its paths
	pathBytes       = 60  // about what a path takes in a regular beside its text
)

func newWarmTable(po *policy) *warmTable {
	t := &warmTable{paths: &atomic.Value{}, regulars: &atomic.Value{}, byHeart: &atomic.Value{}}
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
	t.dropByHeart()
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
	if !rt.simple || len(path) > maxRoutePath || r.URL.EscapedPath() != path || differs(r, path) {
		return
	}
	t := g.warm
	t.mu.Lock()
	if g.routes.policy().serial == rt.serial && len(t.learnt) < maxWarmPaths {
		// A copy: the path is a part of the request's first line, which a long query
		// would keep in memory.
		t.learnt[strings.Clone(path)] = rt
		t.publishDue(time.Now())
	}
	t.mu.Unlock()
}

// show remembers that a token was let through, and on which path unless that is "", if
// the cache still has the token and the policy is still the same. Where another
// request is at it, this one need not wait: who asks often comes again.
func show(g *gate, credential, path string, rt *route) {
	t := g.warm
	if !t.mu.TryLock() {
		return
	}
	p := remembered(g.verifier.cache, credential)
	if p != nil && p.user != "" && g.routes.policy().serial == rt.serial {
		now := time.Now()
		t.add(p, path, now)
		t.publishDue(now)
	}
	t.mu.Unlock()
}

// add makes a token a regular, and adds a path unless it is "". The caller holds mu.
func (t *warmTable) add(p *principal, path string, now time.Time) {
	if t.regularBytes > maxRegularBytes {
		// Once in a while only: tokens and paths that are too many for the table would
		// else push each other out all the time.
		if now.Sub(t.emptied) < emptyEvery {
			return
		}
		t.emptied = now
		t.dropRegulars()
	}
	one := t.shown[p.credential]
	if one == nil {
		former := t.regulars.Load().(map[string]*regular)[p.credential]
		if former != nil && !former.takes(path) {
			return
		}
		one = &regular{paths: map[string]string{}, roles: p.roles, expires: p.expires, user: p.user, further: p.further}
		if former == nil {
			t.regularBytes += regularBytes
		} else {
			for known := range former.paths {
				one.paths[known] = p.user
			}
		}
		t.shown[p.credential] = one
	}
	if one.takes(path) {
		one.paths[strings.Clone(path)] = p.user
		t.regularBytes += len(path) + pathBytes
	}
}

// takes reports whether a path is to be added.
func (one *regular) takes(path string) bool {
	return path != "" && one.paths[path] == "" && len(one.paths) < maxRegularPaths
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
		t.publishByHeart(now)
	}
}

// publishPaths makes paths anew; where they would become too many, of those learnt
// last alone. The caller holds mu.
func (t *warmTable) publishPaths(former *knownPaths) {
	next := t.learnt
	public := map[string]bool{}
	for path, rt := range next {
		if rt.public {
			public[path] = true
		}
	}
	if len(former.routes)+len(next) <= maxWarmPaths {
		for path, rt := range former.routes {
			next[path] = rt
		}
		for path := range former.public {
			public[path] = true
		}
	}
	t.learnt = map[string]*route{}
	var roles map[string]map[string]bool
	if t.cold {
		roles = make(map[string]map[string]bool, len(next))
		for path, rt := range next {
			wanted := former.roles[path]
			if wanted == nil {
				wanted = roleSet(rt.roles)
			}
			roles[path] = wanted
		}
	}
	t.paths.Store(&knownPaths{routes: next, public: public, roles: roles, plain: former.plain})
}

// roleSet is nil for a route that wants no role.
func roleSet(roles []string) map[string]bool {
	set := map[string]bool{}
	for _, role := range roles {
		if role == "" {
			return nil // see anyPrincipal
		}
		set[role] = true
	}
	if len(set) == 0 {
		return nil
	}
	return set
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
