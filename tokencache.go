package authproxy

import (
	"net/http"
	"sync"
	"time"
)

// tokenCache remembers verified tokens by their whole text. It is one verifier's,
// so what is found in it has passed these very settings. A token leaves with its
// expiry, with its key, and when newer ones need the room; refused tokens never
// enter, so they push nothing out.
type tokenCache struct {
	memo *memo

	mu    sync.Mutex
	gates map[*warmTable]bool // that hold what they found here
}

// maxCacheBytes bounds what all entries of a cache take together, about.
const maxCacheBytes = 24 << 20

func newTokenCache(entries int) *tokenCache {
	c := &tokenCache{memo: newMemo(entries, maxCacheBytes), gates: map[*warmTable]bool{}}
	c.memo.turned = c.clearWarm
	return c
}

// clearWarm makes the gates forget what the cache has, so that they hold nothing
// that it no longer does.
func (c *tokenCache) clearWarm() {
	c.mu.Lock()
	for table := range c.gates {
		table.forget()
	}
	c.mu.Unlock()
}

func (c *tokenCache) attach(table *warmTable) {
	c.mu.Lock()
	c.gates[table] = true
	c.mu.Unlock()
}

func (c *tokenCache) detach(table *warmTable) {
	c.mu.Lock()
	delete(c.gates, table)
	c.mu.Unlock()
}

// remembered returns the principal of a token that is still good, nil if there is
// none.
func remembered(c *tokenCache, token string) *principal {
	entry, ok := c.memo.table.Load(token)
	if !ok {
		return nil
	}
	p := entry.(*principal)
	if time.Until(p.expires) <= 0 {
		return nil
	}
	return p
}

// put remembers a principal by the header's value that its token came in, unless its
// key has gone since or c is nil.
func (c *tokenCache) put(credential string, p *principal) {
	if c == nil {
		return
	}
	settle(p)
	p.credential = credential
	p.expires = time.UnixMilli(int64(p.end * 1000))
	valid := func() bool { return p.known.source.vouches(p.known.key.fingerprint) }
	// Roles and names are in the token's payload; decoded they take as much again.
	c.memo.store(credential, p, principalBytes+2*len(credential), valid)
}

// principalBytes is about what a principal takes beside its texts.
const principalBytes = 1000

// forgetGone drops the tokens whose keys the issuers no longer have.
func (c *tokenCache) forgetGone() {
	c.memo.forget(func(entry interface{}) bool {
		p := entry.(*principal)
		return !p.known.source.vouches(p.known.key.fingerprint)
	})
	c.clearWarm()
}

func forgetGoneIn(c *tokenCache) func() {
	return func() { c.forgetGone() }
}

// authenticate returns who a request speaks for, from the cache or by verifying; nil
// for nobody, and why in a.
func authenticate(g *gate, r *http.Request, a *attempt) *principal {
	values, _ := r.Header["Authorization"]
	if len(values) != 1 || !g.headerOnly {
		return authenticateAny(g, r, a)
	}
	credential := values[0]
	c := g.verifier.cache
	p := recall(c, credential, a)
	if p == nil {
		p = verifyUsual(g.verifier, credential, a)
		if p == nil {
			if a.reason == "" {
				return authenticateAny(g, r, a)
			}
			return nil
		}
		c.put(credential, p)
	}
	return p
}

const (
	bearerPrefix = "Bearer "
	bearerLength = len(bearerPrefix)
)

// recall returns a token's principal from the cache; nil if it is not there.
func recall(c *tokenCache, credential string, a *attempt) *principal {
	if c == nil {
		return nil
	}
	p := remembered(c, credential)
	a.cached = p != nil
	return p
}

// authenticateAny is authenticate for a token, or none, in any place and of any kind.
func authenticateAny(g *gate, r *http.Request, a *attempt) *principal {
	a.reason = reasonNoToken
	if g.headerOnly && len(r.Header["Authorization"]) == 0 {
		return nil
	}
	token, credential, reason := g.bearerToken(r)
	a.reason = reason
	if reason != "" {
		return nil
	}
	c := g.verifier.cache
	p := recall(c, credential, a)
	if p == nil {
		p = verify(r, g.verifier, token, a)
		if p != nil {
			c.put(credential, p)
		}
	}
	return p
}
