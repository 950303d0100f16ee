package authproxy

import (
	"io"
	"math/rand"
	"net/http"
	"time"
)

// hasWarmWay reports whether nothing is configured that the warm way leaves out.
func (g *gate) hasWarmWay() bool {
	return !g.shadow && !g.logAll && g.forwardAuthorization && g.headerOnly
}

// warmWay is the five steps for what the gate knows by heart. Whatever it does not
// know, or would refuse, goes the whole way, so it only ever lets pass what whole
// would let pass too. Most requests come from a token on a path where it has been
// let through before, and end in the closure itself; enters and visits are for the rest.
//
// The closure's text is as short as can be: at each call the interpreter allocates a
// place for every value in a function's text, run or not. Places for values of our own
// types take it a look-up more. Captured variables cost nothing, a receiver's fields
// an operation each; "&&" costs more than a nested if, "!" more than a continue, a
// call of a function variable less than that of a method.
func (g *gate) warmWay(next, whole http.Handler) http.Handler {
	ids := g.identity
	harmless := ids.harmless
	byHeart := g.warm.byHeart
	userID := g.userID
	several := g.verifier.further
	slow := func(w http.ResponseWriter, r *http.Request) { whole.ServeHTTP(w, r) }
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := r.Header
		if h.WriteSubset(alarm, harmless) != nil {
			if suspicious(ids, h) {
				slow(w, r)
				return
			}
		}
		if r.Trailer != nil {
			slow(w, r)
			return
		}
		path := r.URL.Path
		if r.RequestURI != path {
			if differs(r, path) {
				slow(w, r)
				return
			}
		}
		if len(h["Authorization"]) == 1 {
			// No look at the clock: see warmTable.sweep.
			user := byHeart.Load().(map[string]map[string]string)[h["Authorization"][0]][path]
			if user != "" {
				h[userID] = []string{user}
				if several {
					if lacksFurther(g, h) {
						slow(w, r)
						return
					}
				}
				next.ServeHTTP(w, r)
				return
			}
			enters(g, next, whole, w, r, path)
			return
		}
		visits(g, next, whole, w, r, path)
	})
}

// alarm is what headers are "written" to, all but the harmless: one call into compiled
// code instead of a loop, which cost the interpreter 16 of 85 allocations. It is a
// pipe that is closed, so that the first byte is an error. What is not written, names
// that are no field names (RFC 9110 section 5.1) and names without a value, does not
// leave Traefik either.
var alarm = closedPipe()

func closedPipe() io.Writer {
	reader, writer := io.Pipe()
	_ = reader.Close() // neither fails
	_ = writer.Close()
	return writer
}

// suspicious reports whether a header is one that the warm way cannot deal with.
func suspicious(ids *identityHeaders, h http.Header) bool {
	harmless := ids.harmless
	suspect := ids.suspect
	for name := range h {
		if harmless[name] {
			continue
		}
		// Most other headers differ from ours in length already.
		if suspect[len(name)] {
			if wantsWholeWay(ids, name) {
				return true
			}
		}
	}
	return false
}

// lacksFurther sets the identity headers beside the user's id. It reports whether it
// could not, since the token has just been forgotten.
func lacksFurther(g *gate, h http.Header) bool {
	token := g.warm.regulars.Load().(map[string]*regular)[h["Authorization"][0]]
	if token == nil {
		return true
	}
	setIdentity(g, h, "", token.further)
	return false
}

// visits is enters for a request without a token, which mostly goes to a public path.
// It is apart from enters for the sake of a text half as long: for a public path that
// takes the interpreter 14 of 83 allocations less.
func visits(g *gate, next, whole http.Handler, w http.ResponseWriter, r *http.Request, path string) {
	if g.warm.paths.Load().(*knownPaths).public[path] {
		next.ServeHTTP(w, r)
		return
	}
	enters(g, next, whole, w, r, path)
}

// enters decides about a request that passed the tests of headers and path, but is not
// known by heart: on a known or ordinary path, which may be public, and with any token.
func enters(g *gate, next, whole http.Handler, w http.ResponseWriter, r *http.Request, path string) {
	paths := g.warm.paths.Load().(*knownPaths)
	rt := paths.routes[path]
	if rt == nil {
		rt = routeOf(paths, path)
		if rt == nil {
			whole.ServeHTTP(w, r)
			return
		}
		path = "" // not worth remembering
	}
	passes := rt.public
	if !passes {
		if g.recalls {
			passes = guards(g, w, r, rt, path)
		} else {
			passes = verifies(g, w, r, rt)
		}
	}
	if passes {
		next.ServeHTTP(w, r)
	}
}

// guards is enters for a path that is not public, where tokens are remembered; path is
// "" where it is not known.
func guards(g *gate, w http.ResponseWriter, r *http.Request, rt *route, path string) bool {
	a := new(attempt)
	values := r.Header["Authorization"]
	if len(values) != 1 {
		return concludes(g, w, r, rt, a, nil)
	}
	credential := values[0]
	token := g.warm.regulars.Load().(map[string]*regular)[credential]
	if token != nil {
		if recognised(g, r, rt, path, token) {
			return true
		}
	}
	entry, cached := g.verifier.cache.memo.table.Load(credential)
	if cached {
		return readmits(g, w, r, rt, path, credential, entry)
	}
	p := verifyUsual(g.verifier, credential, a)
	if p == nil {
		if a.reason != "" {
			return turnsAway(g, w, r, rt, a, nil)
		}
		return concludes(g, w, r, rt, a, nil)
	}
	g.verifier.cache.put(credential, p)
	return concludes(g, w, r, rt, a, p)
}

// readmits is guards for a token that the verifier's cache has, perhaps expired.
func readmits(g *gate, w http.ResponseWriter, r *http.Request, rt *route, path, credential string, entry interface{}) bool {
	a := new(attempt)
	p := entry.(*principal)
	if time.Until(p.expires) <= 0 {
		p = verifyUsual(g.verifier, credential, a)
		return concludes(g, w, r, rt, a, p)
	}
	a.cached = true
	if !concludes(g, w, r, rt, a, p) {
		return false
	}
	show(g, credential, path, rt)
	return true
}

// verifies is guards where no tokens are remembered.
func verifies(g *gate, w http.ResponseWriter, r *http.Request, rt *route) bool {
	a := new(attempt)
	values, _ := r.Header["Authorization"]
	if len(values) != 1 {
		return concludes(g, w, r, rt, a, nil)
	}
	p := verifyUsual(g.verifier, values[0], a)
	if p == nil {
		return concludes(g, w, r, rt, a, nil)
	}
	if p.roles[rt.role] {
		if p.further == nil {
			if p.user != "" {
				r.Header[g.userID] = []string{p.user}
			}
			return true
		}
	}
	return concludes(g, w, r, rt, a, p)
}

// concludes decides by the roles of a principal, or by why there is none, and carries
// out what is decided. It reports whether the request may go on.
func concludes(g *gate, w http.ResponseWriter, r *http.Request, rt *route, a *attempt, p *principal) bool {
	if p == nil {
		if a.reason == "" {
			p = authenticateAny(g, r, a)
		}
		if p == nil {
			return turnsAway(g, w, r, rt, a, p)
		}
	}
	if !p.roles[rt.role] {
		if !holdsAny(p.roles, rt.roles) {
			return turnsAway(g, w, r, rt, a, p)
		}
	}
	setIdentity(g, r.Header, p.user, p.further)
	return true
}

// turnsAway answers a request whose token, or whose lack of one, or whose roles do not
// do. It reports false. It is carryOut for what is refused often, in fewer calls: a
// flood of bad tokens must be cheaper than good ones.
func turnsAway(g *gate, w http.ResponseWriter, r *http.Request, rt *route, a *attempt, p *principal) bool {
	reason := a.reason
	if p != nil {
		reason = reasonRoles
	}
	prepared := g.refusals[reason]
	if prepared == nil || g.debug {
		return carryOut(g, w, r, &decision{reason: reason, rule: rt.rule, attempt: a, principal: p})
	}
	if g.logRefused {
		leftOut := admit(decisions, reason)
		if leftOut >= 0 {
			writeLine(g, r, &decision{attempt: a, principal: p}, rt.rule, reason, g.mode, leftOut)
		}
	}
	writeAnswer(prepared, w, r, "")
	return false
}

// recognised reports whether a token that is known is good for the route. It sets the
// identity headers then. path is "" where it is not known.
func recognised(g *gate, r *http.Request, rt *route, path string, token *regular) bool {
	if !token.roles[rt.role] {
		if !holdsAny(token.roles, rt.roles) {
			return false
		}
	}
	if time.Until(token.expires) <= 0 {
		return false
	}
	setIdentity(g, r.Header, token.user, token.further)
	if path != "" {
		if rand.Intn(showOneOf) == 0 {
			show(g, r.Header["Authorization"][0], path, rt)
		}
	}
	return true
}

// routeOf finds the route of a plain path that is not in the table. The first paths
// of all, and later now and then one, it sends the whole way, where the path is
// learnt: who asks for it often gets it by heart, and a flood of ids does not.
func routeOf(paths *knownPaths, path string) *route {
	if len(paths.routes) < publishSmall {
		return nil
	}
	if rand.Intn(learnOneOf) == 0 {
		return nil
	}
	return plainRoute(paths.plain, path)
}

// differs reports whether a request's target is anything but its path, with or
// without a query.
func differs(r *http.Request, path string) bool {
	target := r.RequestURI
	if target == path {
		return false
	}
	return len(target) <= len(path) || target[len(path)] != '?' || target[:len(path)] != path
}

func holdsAny(held map[string]bool, roles []string) bool {
	for _, role := range roles {
		if held[role] {
			return true
		}
	}
	return false
}
