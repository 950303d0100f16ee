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
		table.clear()
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

// get returns the principal of a token that is still good.
func (c *tokenCache) get(token string) *principal {
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

// authenticate fills in who a request speaks for, from the cache or by verifying,
// or why nobody.
func (g *gate) authenticate(r *http.Request, d *decision) {
	token, cacheKey, reason := g.bearerToken(r)
	if reason != "" {
		d.refused.reason = reason
		return
	}
	d.cacheKey = cacheKey
	cache := g.verifier.cache
	if cache != nil {
		p := cache.get(cacheKey)
		if p != nil {
			d.principal = p
			d.cached = true
			return
		}
	}
	p, no := g.verifier.verify(r.Context(), token)
	d.principal = p
	d.refused = no
	if p != nil && cache != nil {
		cache.put(cacheKey, p)
	}
}
