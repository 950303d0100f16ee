package issuer

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Endpoint is one of the addresses that a realm answers at.
type Endpoint string

// The endpoints of a realm.
const (
	// Discovery is /.well-known/openid-configuration.
	Discovery Endpoint = "discovery"
	// Certs is /protocol/openid-connect/certs, the JWKS.
	Certs Endpoint = "certs"
	// Tokens is /protocol/openid-connect/token.
	Tokens Endpoint = "token"
)

var paths = map[Endpoint]string{
	Discovery: "/.well-known/openid-configuration",
	Certs:     "/protocol/openid-connect/certs",
	Tokens:    "/protocol/openid-connect/token",
}

// Realm is one realm of an Issuer.
type Realm struct {
	// Name is the realm's name as a person writes it; in addresses it is
	// percent-encoded.
	Name string

	issuer  *Issuer
	users   []User
	clients []Client
	// secret signs refresh tokens, under a kid that is in no JWKS.
	secret *Key

	mu        sync.Mutex
	published []*Key
	active    *Key
	jwks      []byte
	edit      func(map[string]any)
	answers   map[Endpoint]Answer
	asked     map[Endpoint][]time.Time
	open      map[Endpoint]int
	peak      map[Endpoint]int
	moved     string
	url       string
}

// URL is the realm's issuer identifier, the claim "iss".
func (r *Realm) URL() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.url != "" {
		return r.url
	}
	return r.issuer.public + r.path()
}

// SetURL makes the realm call itself by another issuer identifier, in tokens
// and in the discovery document; it still answers at its old address. Empty
// takes it back.
func (r *Realm) SetURL(u string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.url = u
}

// Inner is the address at which the endpoint answers on loopback. It differs
// from what the public URL promises when Options.PublicURL is set.
func (r *Realm) Inner(e Endpoint) string {
	return r.issuer.base + r.path() + r.at(e)
}

// MoveCerts makes the certs endpoint answer at another path below the realm's
// address, such as "/keys", as after a change of the issuer's software: the
// discovery document names the new one, and the old one answers 404. Empty
// takes it back.
func (r *Realm) MoveCerts(path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.moved = path
}

// at is the endpoint's path below the realm's.
func (r *Realm) at(e Endpoint) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e == Certs && r.moved != "" {
		return r.moved
	}
	return paths[e]
}

func (r *Realm) path() string { return "/realms/" + url.PathEscape(r.Name) }

// Keys are the published keys in their order, the RSA-OAEP key included.
func (r *Realm) Keys() []*Key {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.published)
}

// Key is the first published signing key for the algorithm. It panics when
// there is none.
func (r *Realm) Key(alg string) *Key {
	for _, k := range r.Keys() {
		if k.Alg == alg && k.Use != "enc" {
			return k
		}
	}
	panic(fmt.Sprintf("issuer: realm %q has no key for %q", r.Name, alg))
}

// Active is the key that the realm signs access tokens with.
func (r *Realm) Active() *Key {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.active
}

// Publish replaces all published keys; the first one with a "use" other than
// "enc" becomes the active one. With none such, the active key stays and is
// merely no longer published.
func (r *Realm) Publish(keys ...*Key) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.published = slices.Clone(keys)
	r.jwks = nil
	for _, k := range keys {
		if k.Use != "enc" {
			r.active = k
			return
		}
	}
}

// PublishRaw makes the certs endpoint answer with these bytes as
// application/json, until Publish, Rotate, Replace or Remove.
func (r *Realm) PublishRaw(jwks []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.jwks = slices.Clone(jwks)
}

// Rotate makes a new active key of the active one's algorithm. The old one
// stays published, as Keycloak keeps a passive key: tokens signed with it go
// on being good.
func (r *Realm) Rotate() *Key { return r.rotate(true) }

// Replace is a rotation without overlap: the old active key is gone from the
// JWKS at once, as Keycloak's disabled or deleted key.
func (r *Realm) Replace() *Key { return r.rotate(false) }

func (r *Realm) rotate(overlap bool) *Key {
	r.mu.Lock()
	defer r.mu.Unlock()
	alg := r.active.algorithm()
	next := NewKey(r.issuer.nextKey(alg), alg)
	at := slices.Index(r.published, r.active)
	if at < 0 {
		at = len(r.published)
	} else if !overlap {
		r.published = slices.Delete(slices.Clone(r.published), at, at+1)
	}
	r.published = slices.Insert(slices.Clone(r.published), at, next)
	r.active, r.jwks = next, nil
	return next
}

// Remove takes every published key with the kid out of the JWKS. The active
// key stays active, so that tokens by a removed key can be made.
func (r *Realm) Remove(kid string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.jwks = nil
	r.published = slices.DeleteFunc(slices.Clone(r.published), func(k *Key) bool { return k.ID == kid })
}

// EditDiscovery lets edit change the discovery document before it is sent;
// nil takes it back. Edit runs under the realm's lock and must not call it.
func (r *Realm) EditDiscovery(edit func(document map[string]any)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.edit = edit
}

// Answer makes the endpoint answer in another way; nil takes it back. See
// Status, HTML, Drip and the others.
func (r *Realm) Answer(e Endpoint, a Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers[e] = a
}

// Restore takes back every Answer, EditDiscovery, MoveCerts, SetURL and
// PublishRaw; keys and counts stay.
func (r *Realm) Restore() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.answers)
	r.edit, r.jwks, r.url, r.moved = nil, nil, "", ""
}

// Count is how often the endpoint was asked since the start or ResetCounts.
// A request counts when its header has arrived, before it is answered.
func (r *Realm) Count(e Endpoint) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.asked[e])
}

// Asked are the times at which the endpoint was asked, oldest first.
func (r *Realm) Asked(e Endpoint) []time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.asked[e])
}

// Peak is how many requests to the endpoint were open at the same time at
// most: 1 where a client has never more than one fetch in flight.
func (r *Realm) Peak(e Endpoint) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.peak[e]
}

// ResetCounts forgets what the realm was asked. Requests that are open still
// count for Peak.
func (r *Realm) ResetCounts() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.asked)
	clear(r.peak)
}

// begin counts a request and says how to answer it; end is for when it has
// been answered.
func (r *Realm) begin(e Endpoint) (a Answer, end func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked[e] = append(r.asked[e], time.Now())
	r.open[e]++
	r.peak[e] = max(r.peak[e], r.open[e])
	return r.answers[e], func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.open[e]--
	}
}

// certs is the body of the certs endpoint.
func (r *Realm) certs() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.jwks != nil {
		return r.jwks
	}
	return JWKS(r.published...)
}

// discovery is the body of the discovery endpoint (OpenID Connect Discovery
// 1.0, section 3). Links to the endpoints lead to base: the public address,
// or the inner one with Options.InnerLinks.
func (r *Realm) discovery() []byte {
	issuer := r.URL()
	base := issuer
	if r.issuer.innerLinks {
		base = r.issuer.base + r.path()
	}
	algorithms := []any{}
	for _, a := range Algorithms {
		algorithms = append(algorithms, a)
	}
	oidc := base + "/protocol/openid-connect"
	certs := base + r.at(Certs)
	document := map[string]any{
		"issuer":                                issuer,
		"authorization_endpoint":                issuer + "/protocol/openid-connect/auth",
		"token_endpoint":                        oidc + "/token",
		"introspection_endpoint":                oidc + "/token/introspect",
		"userinfo_endpoint":                     oidc + "/userinfo",
		"end_session_endpoint":                  issuer + "/protocol/openid-connect/logout",
		"jwks_uri":                              certs,
		"grant_types_supported":                 []any{"client_credentials", "password", "refresh_token"},
		"response_types_supported":              []any{"code"},
		"subject_types_supported":               []any{"public", "pairwise"},
		"id_token_signing_alg_values_supported": algorithms,
		"scopes_supported":                      []any{"openid", "profile", "email", "roles"},
		"claims_supported":                      []any{"iss", "sub", "aud", "exp", "azp", "name", "email"},
		"token_endpoint_auth_methods_supported": []any{"client_secret_basic", "client_secret_post"},
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.edit != nil {
		r.edit(document)
	}
	return mustJSON(document)
}

// DecodeClaims reads the payload of a compact token without looking at its
// signature.
func DecodeClaims(token string) (map[string]any, error) {
	_, payload, _, err := split(token)
	if err != nil {
		return nil, err
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		return nil, fmt.Errorf("claims: %w", err)
	}
	return claims, nil
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
