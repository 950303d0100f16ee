package authproxy

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// hasColdWay reports whether the cold way knows all that is asked of a token.
func (v *verifier) hasColdWay() bool {
	return v.cache == nil && v.only != nil && !v.further && !v.skipAud && v.parties == nil && v.rolesClaim == nil
}

// coldWay is the five steps where no tokens are remembered, for the usual token of
// somebody who holds a role of the route's in the realm. Whatever is not as usual goes
// on from where it stands: by enters before the signature has been checked, by judges
// after that. So coldWay itself refuses nobody, and it asks no less than they would.
//
// Like warmWay it is one closure, which takes the interpreter 7 calls and 189
// allocations fewer than verifyUsual with all that it calls, 454 in place of 643. That
// is why the tests of usualClaims and accept stand here a second time, as far as the
// usual token goes. Functions are captured, too: a package's takes a place more at each
// call.
func (g *gate) coldWay(next, whole http.Handler) http.Handler {
	ids := g.identity
	harmless := ids.harmless
	userID := g.userID
	paths := g.warm.paths
	v := g.verifier
	atHand := v.atHand
	checks := v.checks
	longest := bearerLength + v.maxBytes
	issuer := v.only.issuer
	audience := v.only.audience
	splitN := strings.SplitN
	containsAny := strings.ContainsAny
	trim := strings.Trim
	since := time.Since
	trimBytes := bytes.Trim
	contains := bytes.Contains
	count := bytes.Count
	unmarshal := json.Unmarshal
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

		// The rule: a path that is known and wants a role.
		table := paths.Load().(*knownPaths)
		wanted := table.roles[path]
		if wanted == nil {
			enters(g, next, whole, w, r, path)
			return
		}

		// The token: its shape, its key, its signature.
		values := h["Authorization"]
		if len(values) != 1 {
			enters(g, next, whole, w, r, path)
			return
		}
		credential := values[0]
		if len(credential) > longest {
			enters(g, next, whole, w, r, path)
			return
		}
		parts := splitN(credential, ".", 4)
		if len(parts) != 3 {
			enters(g, next, whole, w, r, path)
			return
		}
		keys := atHand.Load().(*keysAtHand)
		known := keys.byHead[parts[0]]
		if known == nil {
			enters(g, next, whole, w, r, path)
			return
		}
		check := checks[known.alg]
		if check == nil {
			enters(g, next, whole, w, r, path)
			return
		}
		if containsAny(credential, lineEnds) {
			enters(g, next, whole, w, r, path)
			return
		}
		signature, err := strictBase64.DecodeString(parts[2])
		if err != nil {
			enters(g, next, whole, w, r, path)
			return
		}
		payload, err := strictBase64.DecodeString(parts[1])
		if err != nil {
			enters(g, next, whole, w, r, path)
			return
		}
		now := float64(since(epoch)) / nanosPerSecond
		if now >= keys.until {
			enters(g, next, whole, w, r, path)
			return
		}
		err = check(credential[bearerLength:len(credential)-len(parts[2])-1], signature, known.public)
		if err != nil {
			judges(g, next, w, r, table, path, known, nil, nil, now)
			return
		}

		// Its claims, decoded as by usualClaims.
		if len(payload) > maxUsualClaims {
			judges(g, next, w, r, table, path, known, payload, nil, now)
			return
		}
		if len(trimBytes(payload, plainJSON)) > 0 {
			judges(g, next, w, r, table, path, known, payload, nil, now)
			return
		}
		if contains(payload, blankColon) {
			judges(g, next, w, r, table, path, known, payload, nil, now)
			return
		}
		if count(payload, openBracket) > maxUsualLists {
			judges(g, next, w, r, table, path, known, payload, nil, now)
			return
		}
		var decoded interface{}
		if unmarshal(payload, &decoded) != nil {
			judges(g, next, w, r, table, path, known, payload, nil, now)
			return
		}
		claims, _ := decoded.(map[string]interface{})
		realm, _ := claims["realm_access"].(map[string]interface{})
		access, _ := claims["resource_access"].(map[string]interface{})
		names := len(claims)
		names += len(realm)
		names += len(access)
		for _, client := range access {
			inner, ok := client.(map[string]interface{})
			if ok {
				names += len(inner)
			}
		}
		if count(payload, quoteColon) != names {
			judges(g, next, w, r, table, path, known, payload, nil, now)
			return
		}

		// As accept asks them, without leeway. A claim that is missing or is no number is 0.
		exp, _ := claims["exp"].(float64)
		iat, _ := claims["iat"].(float64)
		_, bound := claims["cnf"]
		_, begins := claims["nbf"]
		usual := exp > now
		if exp >= maxNumericDate {
			usual = false
		}
		if iat <= 0 {
			usual = false
		}
		if iat > now {
			usual = false
		}
		if bound {
			usual = false
		}
		if begins {
			usual = false
		}
		if claims["typ"] != "Bearer" {
			usual = false
		}
		if claims["iss"] != issuer {
			usual = false
		}
		aud, _ := claims["aud"].(string)
		ours := audience[aud]
		auds, _ := claims["aud"].([]interface{})
		for _, item := range auds {
			name, ok := item.(string)
			if !ok {
				usual = false
				break
			}
			if audience[name] {
				ours = true
			}
		}

		// Whether that suffices.
		roles, _ := realm["roles"].([]interface{})
		holds := false
		for _, item := range roles {
			role, ok := item.(string)
			if !ok {
				usual = false
				break
			}
			if wanted[role] {
				holds = true
			}
		}

		// Whom it speaks for.
		user, _ := claims["sub"].(string)
		if user == "" {
			usual = false
		}
		if usual {
			if ours {
				if holds {
					if trim(user, idBytes) == "" {
						h[userID] = []string{user}
						next.ServeHTTP(w, r)
						return
					}
				}
			}
		}
		judges(g, next, w, r, table, path, known, payload, claims, now)
	})
}

// judges ends the cold way for a token whose signature has been checked: it is bad
// where payload is nil. claims are what usualClaims made of the payload.
func judges(g *gate, next http.Handler, w http.ResponseWriter, r *http.Request, table *knownPaths, path string, known *knownHead, payload []byte, claims map[string]interface{}, now float64) {
	v := g.verifier
	a := new(attempt)
	var p *principal
	switch {
	case payload == nil:
		p = badSignature(r.Header["Authorization"][0], known, a)
	case claims == nil:
		p = principalOf(v, payload, v.only, known, now, a)
	default:
		p = accept(v, claims, v.only, known, now, a)
	}
	if concludes(g, w, r, table.routes[path], a, p) {
		next.ServeHTTP(w, r)
	}
}
