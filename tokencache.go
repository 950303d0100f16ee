package authproxy

import (
	"net/http"
	"time"
)

// tokenCache remembers verified tokens by their whole text. It is one verifier's,
// so what is found in it has passed these very settings. A token leaves with its
// expiry, with its key, and when newer ones need the room; refused tokens never
// enter, so they push nothing out.
type tokenCache struct {
	memo *memo
}

// maxCacheBytes bounds what all entries of a cache take together, about.
const maxCacheBytes = 24 << 20

func newTokenCache(entries int) *tokenCache {
	return &tokenCache{memo: newMemo(entries, maxCacheBytes)}
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
}

// authenticate returns who a request speaks for, from the cache or by verifying.
func (g *gate) authenticate(r *http.Request) (*principal, bool, refusal) {
	var no refusal
	token, cacheKey, reason := g.bearerToken(r)
	if reason != "" {
		no.reason = reason
		return nil, false, no
	}
	cache := g.verifier.cache
	if cache != nil {
		p := cache.get(cacheKey)
		if p != nil {
			return p, true, no
		}
	}
	p, no := g.verifier.verify(r.Context(), token)
	if no.reason == "" && cache != nil {
		cache.put(cacheKey, p)
	}
	return p, false, no
}
