package authproxy

import (
	"net/http"
	"sort"
	"strings"
)

// rule is a compiled access rule. Every condition that it has must hold.
type rule struct {
	name    string          // for the log: the user's name, else the path
	source  string          // where it was written, for messages: rules[2], file:7
	path    string          // as written
	exact   bool            // the whole path, not a prefix
	methods map[string]bool // nil: all
	shadow  bool

	public      bool
	deny        bool // no role helps: the default for paths without a rule
	anyRole     []string
	allRoles    []string
	clientRoles []clientRoles
	scopes      []string
}

// clientRoles are roles of one client, of which any one suffices.
type clientRoles struct {
	client string
	roles  []string
}

// appliesTo reports whether the rule is for a method. HEAD follows GET (RFC 9110
// section 9.3.2), unless a rule names HEAD itself.
func (ru *rule) appliesTo(method string) bool {
	if ru.methods == nil || ru.methods[method] {
		return true
	}
	return method == "HEAD" && ru.methods["GET"]
}

// refuses returns the reason why the rule does not let a principal pass, or "".
func (ru *rule) refuses(p *principal) string {
	if ru.deny {
		return reasonNoRule
	}
	if len(ru.anyRole) > 0 && !holdsAny(p.roles, ru.anyRole) {
		return reasonRoles
	}
	for _, role := range ru.allRoles {
		if !p.roles[role] {
			return reasonRoles
		}
	}
	for _, cr := range ru.clientRoles {
		if !p.hasClientRole(cr.client, cr.roles) {
			return reasonRoles
		}
	}
	for _, scope := range ru.scopes {
		if !p.hasScope(scope) {
			return reasonScopes
		}
	}
	return ""
}

// policy is a compiled set of rules. It is immutable.
type policy struct {
	exact     map[string][]*rule // by path
	prefix    map[string][]*rule // by path without its trailing slash
	unmatched *rule
	fold      bool // paths are compared with their letters folded

	serial int64 // tells this policy from another
	// plain has the routes of ordinary paths by their longest prefix, see plainRoute;
	// nil stands for a prefix whose rules say more than roles.
	plain map[string]*route
}

// candidates returns the rules that match one reading of a path, the most specific
// first, up to the first that is for all methods and enforced; the last is always
// such a one.
func (po *policy) candidates(reading string) []*rule {
	var list []*rule
	for _, ru := range po.exact[reading] {
		list = append(list, ru)
		if ru.methods == nil && !ru.shadow {
			return list
		}
	}
	// From the longest prefix to the shortest, each on a segment boundary: what is
	// asked is a map, so the number of rules does not matter.
	p := strings.TrimRight(reading, "/")
	for {
		for _, ru := range po.prefix[p] {
			list = append(list, ru)
			if ru.methods == nil && !ru.shadow {
				return list
			}
		}
		if p == "" {
			return append(list, po.unmatched)
		}
		p = p[:strings.LastIndexByte(p, '/')]
	}
}

// route is what the policy says of one path, on all its readings. It is immutable.
//
// The first fields serve the warm way: a route is simple where one enforced rule of
// the simplest kinds decides, for every method. They are a copy of what choose would
// find.
type route struct {
	simple bool
	public bool     // every reading is public
	roles  []string // any one suffices
	role   string   // the first of them
	rule   *rule

	serial     int64 // of its policy
	bad        bool  // the path cannot be read
	candidates [][]*rule
	always     choice // for every method; used when byMethod is false
	byMethod   bool
}

// choice is the rules that decide a request: all enforced ones must let it pass;
// tried ones are only logged.
type choice struct {
	enforced []*rule
	tried    []*rule
	public   bool // all enforced are public
}

// anyPrincipal is the role list of a route that wants a good token and no role:
// every principal has the role "", which no rule can name.
var anyPrincipal = []string{""}

// openWhereTried stands for the rule beneath a shadow rule where there is none.
var openWhereTried = &rule{name: "shadow", public: true}

// newRoute asks the policy for every reading of a path.
func newRoute(po *policy, raw, other string) *route {
	rt := &route{serial: po.serial}
	paths, err := po.readingsOf(raw, other)
	if err != nil {
		rt.bad = true
		return rt
	}
	for _, p := range paths {
		list := po.candidates(p)
		if sameList(rt.candidates, list) {
			continue
		}
		rt.candidates = append(rt.candidates, list)
		for _, ru := range list {
			if ru.methods != nil {
				rt.byMethod = true
			}
		}
	}
	if rt.byMethod {
		return rt
	}
	rt.always = chooseRules(rt.candidates, "")
	rt.simplify()
	return rt
}

// readingsOf lists every reading of a request's path that its rules are asked about;
// raw and other are forwardedPath's. It fails with errBadPath.
func (po *policy) readingsOf(raw, other string) ([]string, error) {
	paths, err := readings(raw, po.fold)
	if err != nil {
		return nil, err
	}
	if other != "" {
		more, err := readings(other, po.fold)
		if err != nil {
			return nil, err
		}
		paths = append(paths, more...)
	}
	if len(po.exact) > 0 {
		// An exact path tells "/x" from "/x/"; backends often do not.
		for _, p := range paths {
			if len(p) > 1 && strings.HasSuffix(p, "/") {
				paths = append(paths, strings.TrimRight(p, "/"))
			}
		}
	}
	return paths, nil
}

// simplify notes what decides a route in the short where there is nothing more to
// it: one rule for all methods, public or for any of some roles.
func (rt *route) simplify() {
	if len(rt.always.tried) > 0 || len(rt.always.enforced) != 1 {
		return
	}
	ru := rt.always.enforced[0]
	if ru.deny || len(ru.allRoles) > 0 || len(ru.clientRoles) > 0 || len(ru.scopes) > 0 {
		return
	}
	rt.simple = true
	rt.rule = ru
	rt.public = ru.public
	if !ru.public {
		rt.roles = ru.anyRole
		if len(rt.roles) == 0 {
			rt.roles = anyPrincipal
		}
		rt.role = rt.roles[0]
	}
}

// plainPathBytes are the bytes of a path that every backend reads alike, apart from
// the dot.
const plainPathBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_~/@:+,=!$&'()*"

// plainRoute finds what decides an ordinary path by walking its prefixes up, with
// nothing compiled for the path itself: a service has more ids than any table has
// room. It returns nil where the path or its rule wants more than that.
func plainRoute(plain map[string]*route, path string) *route {
	if strings.Trim(path, plainPathBytes) != "" {
		if oddlyDotted(path) {
			return nil
		}
	}
	if strings.Contains(path, "//") {
		return nil
	}
	for {
		rt, ok := plain[path]
		if ok {
			return rt
		}
		at := strings.LastIndexByte(path, '/')
		if at < 0 {
			return nil
		}
		path = path[:at]
	}
}

// oddlyDotted reports whether a path holds other bytes than ordinary ones and dots,
// or dots where some backend gives them a meaning.
func oddlyDotted(path string) bool {
	return strings.Trim(path, plainPathBytes+".") != "" || odd(path)
}

// fillPlain prepares plainRoute.
func (po *policy) fillPlain() {
	if len(po.exact) > 0 || po.fold {
		return // then a path may mean more than its prefix
	}
	po.plain = make(map[string]*route, len(po.prefix))
	for prefix, list := range po.prefix {
		ru := list[0]
		po.plain[prefix] = nil
		if len(list) > 1 || ru.methods != nil || ru.shadow {
			continue
		}
		rt := &route{serial: po.serial, always: choice{enforced: list, public: ru.public}}
		rt.simplify()
		if rt.simple {
			po.plain[prefix] = rt
		}
	}
}

// sameList reports whether the lists hold one that begins with the same rule and
// has the same length, which makes it the same: each is a walk up from its first.
func sameList(lists [][]*rule, list []*rule) bool {
	for _, other := range lists {
		if len(other) == len(list) && other[0] == list[0] && other[len(other)-1] == list[len(list)-1] {
			return true
		}
	}
	return false
}

// choose returns the rules that decide a request of a method. Methods are compared
// exactly (RFC 9110 section 9.1), but some frameworks fold them: "delete" must pass
// as what it says and as DELETE.
func (rt *route) choose(method string) choice {
	if !rt.byMethod {
		return rt.always
	}
	c := chooseRules(rt.candidates, method)
	upper := strings.ToUpper(method)
	if upper != method {
		c = both(c, chooseRules(rt.candidates, upper))
	}
	return c
}

// both joins two choices: all of their rules must let a request pass.
func both(a, b choice) choice {
	for _, ru := range b.enforced {
		a.enforced = appendRule(a.enforced, ru)
	}
	for _, ru := range b.tried {
		a.tried = appendRule(a.tried, ru)
	}
	a.public = a.public && b.public
	return a
}

// overrideHeaders name the method that some frameworks put in the place of the
// request's own.
var overrideHeaders = []string{"X-Http-Method-Override", "X-Http-Method", "X-Method-Override"}

// chooseFor is choose for a request: where methods matter, the one that a client
// puts into a header counts beside the one of the request line.
func (rt *route) chooseFor(r *http.Request) choice {
	c := rt.choose(r.Method)
	if !rt.byMethod {
		return c
	}
	for _, name := range overrideHeaders {
		for _, method := range r.Header[name] {
			c = both(c, rt.choose(strings.TrimSpace(method)))
		}
	}
	return c
}

// chooseRules picks, for every reading, the most specific rule that is for the
// method. A shadow rule is tried and the next one decides.
func chooseRules(candidates [][]*rule, method string) choice {
	var c choice
	for _, list := range candidates {
		tried := false
		for _, ru := range list {
			if !ru.appliesTo(method) {
				continue
			}
			if ru.shadow {
				c.tried = appendRule(c.tried, ru)
				tried = true
				continue
			}
			if tried && ru.source == "" {
				ru = openWhereTried
			}
			c.enforced = appendRule(c.enforced, ru)
			break
		}
	}
	c.public = true
	for _, ru := range c.enforced {
		if !ru.public {
			c.public = false
		}
	}
	return c
}

func appendRule(list []*rule, ru *rule) []*rule {
	for _, known := range list {
		if known == ru {
			return list
		}
	}
	return append(list, ru)
}

// addRule files a rule under its path, rules with methods first.
func (po *policy) addRule(ru *rule) {
	table := po.prefix
	key := strings.TrimRight(ru.path, "/")
	if ru.exact {
		table = po.exact
		key = ru.path
	}
	if po.fold {
		key = foldPath(key)
	}
	table[key] = append(table[key], ru)
	if ru.exact && len(key) > 1 && strings.HasSuffix(key, "/") {
		// An exact path that ends in a slash stands for both spellings; else it
		// could never match on every reading.
		short := strings.TrimRight(key, "/")
		table[short] = append(table[short], ru)
	}
}

// sortRules puts, at each path, rules with methods before those without, and a
// rule that names HEAD before one that names GET only.
func sortRules(table map[string][]*rule) {
	for _, list := range table {
		if len(list) > 1 {
			sortList(list)
		}
	}
}

func sortList(list []*rule) {
	sort.SliceStable(list, func(i, j int) bool { return rank(list[i]) < rank(list[j]) })
}

// rank orders rules of one path: a shadow rule goes before its enforced twin, so
// that it is tried at all.
func rank(ru *rule) int {
	n := 0
	if !ru.methods["HEAD"] {
		n = 2
	}
	if ru.methods == nil {
		n = 4
	}
	if !ru.shadow {
		n++
	}
	return n
}
