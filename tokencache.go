package authproxy

import (
	"net/http"
	"strings"
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

// put remembers a principal, unless its key has gone since.
func (c *tokenCache) put(token string, p *principal) {
	valid := func() bool { return p.source.vouches(p.fingerprint) }
	c.memo.store(token, p, len(token)+p.bytes, valid)
}

// forgetGone drops the tokens whose keys the issuers no longer have.
func (c *tokenCache) forgetGone() {
	c.memo.forget(func(entry interface{}) bool {
		p := entry.(*principal)
		return !p.source.vouches(p.fingerprint)
	})
	c.clearWarm()
}

func forgetGoneIn(c *tokenCache) func() {
	return func() { c.forgetGone() }
}

// authenticate fills in who a request speaks for, from the cache or by verifying,
// or why nobody.
func authenticate(g *gate, r *http.Request, d *decision) {
	values, _ := r.Header["Authorization"]
	if len(values) == 1 {
		if strings.HasPrefix(values[0], bearerPrefix) {
			if g.headerOnly {
				// Nearly always. What is wrong with the header shows in the token's shape, too.
				take(g, r, values[0], values[0][len(bearerPrefix):], d)
				if d.refused.reason != reasonShape {
					return
				}
			}
		}
	}
	authenticateAny(g, r, d)
}

const bearerPrefix = "Bearer "

// authenticateAny is authenticate for a token, or none, in any of its places.
func authenticateAny(g *gate, r *http.Request, d *decision) {
	if g.headerOnly && len(r.Header["Authorization"]) == 0 {
		d.refused.reason = reasonNoToken
		return
	}
	token, cacheKey, reason := g.bearerToken(r)
	d.refused.reason = reason
	if reason == "" {
		take(g, r, cacheKey, token, d)
	}
}

// take looks a token up by the header that holds it, and verifies it where it is not
// known.
func take(g *gate, r *http.Request, header, token string, d *decision) {
	v := g.verifier
	if v.cache != nil {
		if recall(v, header, d) {
			return
		}
	}
	p := verify(r.Context(), v, token, &d.refused)
	d.principal = p
	if p != nil {
		if v.cache != nil {
			p.header = header
			v.cache.put(header, p)
		}
	}
}

func recall(v *verifier, header string, d *decision) bool {
	d.principal = remembered(v.cache, header)
	d.cached = d.principal != nil
	return d.cached
}
