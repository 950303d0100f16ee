package keycloak

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
)

// TestAlgorithms signs access tokens in every way that Keycloak knows, each
// with a key made for it through the admin API.
func TestAlgorithms(t *testing.T) {
	need(t)
	realm := newRealm(t, "algorithms", nil)
	g := newGuard(t, with(guardOf(realm), shortTimes()))

	var found []map[string]any
	must(realm.admin(t.Context(), http.MethodGet, "/clients?clientId=web", nil, &found))(t)
	web := found[0]
	sign := func(t *testing.T, alg string) string {
		t.Helper()
		web["attributes"] = map[string]any{"access.token.signed.response.alg": alg}
		must(realm.admin(t.Context(), http.MethodPut, fmt.Sprint("/clients/", web["id"]), web, nil))(t)
		return alice(t, realm)
	}

	own := func(bits int) string {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		done(t, err)
		return pemOf(key)
	}
	shared := pemOf(site.rsaKey)
	for _, row := range []struct {
		alg, note string
		provider  string // empty: the key that Keycloak has, or makes by itself
		config    map[string]string
		want      int
		// sameID is a key id that is known already with another algorithm: the
		// algorithm is seen when the keys are fetched for their age.
		sameID bool
	}{
		{alg: "RS256", note: "the realm's first key", want: 200},
		{alg: "ES256", note: "a fallback key that Keycloak makes at the first token", want: 200},
		{alg: "RS256", note: "4096 bits", provider: "rsa", config: map[string]string{"privateKey": own(4096)}, want: 200},
		{alg: "RS384", provider: "rsa-generated", config: map[string]string{"algorithm": "RS384"}, want: 200},
		{alg: "RS512", provider: "rsa", config: map[string]string{"algorithm": "RS512", "privateKey": own(2048)}, want: 200},
		{alg: "PS256", provider: "rsa", config: map[string]string{"algorithm": "PS256", "privateKey": own(2048)}, want: 200},
		{alg: "PS384", provider: "rsa", config: map[string]string{"algorithm": "PS384", "privateKey": own(2048)}, want: 200},
		{alg: "PS512", note: "3072 bits", provider: "rsa", config: map[string]string{"algorithm": "PS512", "privateKey": own(3072)}, want: 200},
		{alg: "ES256", provider: "ecdsa-generated", config: map[string]string{"ecdsaEllipticCurveKey": "P-256"}, want: 200},
		{alg: "ES384", provider: "ecdsa-generated", config: map[string]string{"ecdsaEllipticCurveKey": "P-384"}, want: 200},
		{alg: "ES512", provider: "ecdsa-generated", config: map[string]string{"ecdsaEllipticCurveKey": "P-521"}, want: 200},
		{alg: "EdDSA", note: "Ed25519", provider: "eddsa-generated", config: map[string]string{"eddsaEllipticCurveKey": "Ed25519"}, want: 200},
		{alg: "RS256", note: "one key for three algorithms, one kid", provider: "rsa", config: map[string]string{"privateKey": shared, "algorithm": "RS256"}, want: 200},
		{alg: "PS256", note: "one key for three algorithms, one kid", provider: "rsa", config: map[string]string{"privateKey": shared, "algorithm": "PS256"}, want: 200, sameID: true},
		{alg: "RS512", note: "one key for three algorithms, one kid", provider: "rsa", config: map[string]string{"privateKey": shared, "algorithm": "RS512"}, want: 200, sameID: true},
		{alg: "EdDSA", note: "Ed448, which Go cannot check", provider: "eddsa-generated", config: map[string]string{"eddsaEllipticCurveKey": "Ed448"}, want: 401},
		{alg: "RS384", note: "1024 bits, too weak", provider: "rsa-generated", config: map[string]string{"algorithm": "RS384", "keySize": "1024"}, want: 401},
		{alg: "HS256", want: 401},
		{alg: "HS384", provider: "hmac-generated", config: map[string]string{"algorithm": "HS384"}, want: 401},
		{alg: "HS512", want: 401},
		// Last, so that the keys which nobody can use are there by now.
		{alg: "RS256", note: "beside keys that are skipped", want: 200},
	} {
		name := "access token signed with " + row.alg
		if row.note != "" {
			name += ", " + row.note
		}
		t.Run(name, func(t *testing.T) {
			var kid string
			if row.provider != "" {
				// The highest priority signs. Each row's is above the last one's.
				priority++
				key := must(realm.AddKey(t.Context(), row.provider, withValue(row.config, "priority", fmt.Sprint(priority))))(t)
				kid = kidOf(t, realm, key)
			}
			token := sign(t, row.alg)
			header := decode(token).header
			if header["alg"] != row.alg || kid != "" && header["kid"] != kid {
				t.Fatalf("Keycloak signed with %v and the key %v, the test wants %s and %q", header["alg"], header["kid"], row.alg, kid)
			}
			if row.sameID {
				g.until(t, name, token, adminPath, row.want, settled, nil)
				return
			}
			pause() // one fetch for an unknown key id in minRefresh
			g.expect(t, name, token, adminPath, row.want)
		})
	}

	var jwks struct {
		Keys []struct{ Kid, Kty, Alg, Use, Crv string }
	}
	done(t, json.Unmarshal(get(t, realm.Keys()), &jwks))
	t.Logf("the realm's keys at the end: %v", jwks.Keys)
}

// priority is that of the latest key that a test made.
var priority = 1000

func withValue(m map[string]string, name, value string) map[string]string {
	all := map[string]string{name: value}
	for k, v := range m {
		all[k] = v
	}
	return all
}

// kidOf is the key id that a key provider's key goes by.
func kidOf(t *testing.T, realm *Realm, key *Key) string {
	t.Helper()
	var all struct {
		Keys []struct{ ProviderID, Kid string }
	}
	must(realm.admin(t.Context(), http.MethodGet, "/keys", nil, &all))(t)
	for _, k := range all.Keys {
		if k.ProviderID == key.ID {
			return k.Kid
		}
	}
	t.Fatalf("the realm shows no key of %s", key.Name)
	return ""
}

// TestForms shows what else a client can change about its access tokens.
func TestForms(t *testing.T) {
	need(t)
	lower := webClient("lower")
	lower["attributes"] = map[string]any{"token.response.type.bearer.lower-case": "true"}
	rfc9068 := webClient("rfc9068")
	rfc9068["attributes"] = map[string]any{"access.token.header.type.rfc9068": "true"}
	light := webClient("light")
	light["attributes"] = map[string]any{"client.use.lightweight.access.token.enabled": "true"}
	mapped := webClient("mapped", lightweight(audienceMapper("api"), "again"), lightweight(rolesMapper(), "roles"), lightweight(subjectMapper(), "subject"))
	mapped["attributes"] = light["attributes"]
	realm := newRealm(t, "forms", map[string]any{
		"clients": []any{map[string]any{"clientId": "api", "secret": "api-secret"}, lower, rfc9068, light, mapped},
	})
	gs := guards(t, map[string]map[string]any{
		"":        guardOf(realm),
		"typ off": with(guardOf(realm), map[string]any{"requireTyp": false}),
		"no aud":  with(guardOf(realm), map[string]any{"audience": nil, "skipAudienceCheck": true}),
		"no rule": with(guardOf(realm), map[string]any{
			"audience": nil, "skipAudienceCheck": true, "roleMapping": nil, "rules": anyUser(),
		}),
	})
	token := func(client string) string {
		return must(realm.Token(t.Context(), Password(client, "alice")))(t).Access
	}

	for _, row := range []struct {
		kind, client, guard string
		typ, headerTyp      any
		want                int
	}{
		{"access token with typ bearer in lower case", "lower", "", "bearer", "JWT", 200},
		{"access token with header typ at+jwt (RFC 9068)", "rfc9068", "", "Bearer", "at+jwt", 200},
		{"access token with header typ at+jwt (RFC 9068)", "rfc9068", "typ off", "Bearer", "at+jwt", 200},
		{"lightweight access token, audience asked for", "light", "", "Bearer", "JWT", 401},
		{"lightweight access token, any audience, role asked for", "light", "no aud", "Bearer", "JWT", 403},
		{"lightweight access token, any audience, any user", "light", "no rule", "Bearer", "JWT", 200},
		{"lightweight access token with aud, sub and roles mapped", "mapped", "", "Bearer", "JWT", 200},
	} {
		got := token(row.client)
		d := decode(got)
		if d.payload["typ"] != row.typ || d.header["typ"] != row.headerTyp {
			t.Errorf("%s: typ %v, header typ %v; want %v and %v", row.kind, d.payload["typ"], d.header["typ"], row.typ, row.headerTyp)
		}
		gs[row.guard].expect(t, row.kind, got, adminPath, row.want)
	}
	if d := decode(token("light")); d.payload["sub"] != nil || d.payload["aud"] != nil {
		t.Errorf("the lightweight token is not light: %s", d)
	}
}

// lightweight lets a mapper write into lightweight tokens too.
func lightweight(mapper map[string]any, name string) map[string]any {
	config, _ := mapper["config"].(map[string]any)
	config["lightweight.claim"] = "true"
	mapper["name"] = name
	return mapper
}

// subjectMapper writes sub, which the scope basic does otherwise.
func subjectMapper() map[string]any {
	return map[string]any{
		"protocol": "openid-connect", "protocolMapper": "oidc-sub-mapper",
		"config": map[string]any{"access.token.claim": "true"},
	}
}
