package main

import (
	"sync"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// tokens are the good tokens that the load sends: in turn one that was sent
// before, by the present key or the one before it, and one never seen.
type tokens struct {
	realm *issuer.Realm

	mu        sync.Mutex
	last, key *issuer.Key
	known     []string
}

// known tokens are kept for each key.
const knownOfEach = 20

// former is the key before the present one, nil when there is none.
func (t *tokens) former() *issuer.Key {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}

// renew begins to use a key; the tokens of the one before last are dropped.
func (t *tokens) renew(key *issuer.Key) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last, t.key = t.key, key
	t.known = nil
	for _, k := range keys(t.last, t.key) {
		for range knownOfEach {
			t.known = append(t.known, t.mint(k))
		}
	}
}

// mint makes a token by a key.
func (t *tokens) mint(key *issuer.Key) string { return t.realm.Access("bob").By(key).String() }

// next is the token of the nth request.
func (t *tokens) next(n int) string {
	t.mu.Lock()
	key, known := t.key, t.known
	t.mu.Unlock()
	if n%2 == 0 {
		return known[n/2%len(known)]
	}
	return t.mint(key)
}
