package keycloak

import (
	"encoding/json"
	"net/http"
	"testing"
)

// publicName is where users would reach Keycloak; nobody answers there.
const publicName = "http://login.example.test"

// TestPublicName gives Keycloak a public name that is not the address where
// Traefik reaches it, as behind any ingress.
func TestPublicName(t *testing.T) {
	need(t)
	realm := site.realm
	inner, public := realm.Issuer(), publicName+"/realms/"+realm.Name()
	const discovery = "/.well-known/openid-configuration"

	for _, phase := range []struct {
		name  string
		begin func(t *testing.T)
		// discovery is the status when the discovery document is read at the
		// inner address: whether that names the keys at the inner address too.
		discovery int
		// timeout sets the phase's keys apart from the other's, which the
		// plugin would go on using, rightly.
		timeout string
	}{
		{"frontendUrl of the realm", func(t *testing.T) {
			done(t, realm.Update(t.Context(), map[string]any{"attributes": map[string]any{"frontendUrl": publicName}}))
		}, http.StatusServiceUnavailable, "2s"},
		{"hostname with a dynamic backchannel", func(t *testing.T) {
			done(t, realm.Update(t.Context(), map[string]any{"attributes": map[string]any{"frontendUrl": ""}}))
			done(t, site.keycloak.Stop())
			done(t, site.keycloak.Start(t.Context(), "--hostname="+publicName, "--hostname-backchannel-dynamic=true"))
		}, http.StatusOK, "2100ms"},
	} {
		t.Run(phase.name, func(t *testing.T) {
			phase.begin(t)
			config := with(sample(), map[string]any{"issuer": public, "jwksTimeout": phase.timeout})
			gs := guards(t, map[string]map[string]any{
				"jwksUrl":      with(config, map[string]any{"jwksUrl": realm.Keys()}),
				"discoveryUrl": with(config, map[string]any{"discoveryUrl": inner + discovery}),
				"keycloakUrl, realm and jwksUrl": with(config, map[string]any{
					"issuer": nil, "keycloakUrl": publicName, "realm": realm.Name(), "jwksUrl": realm.Keys(),
				}),
				"issuer alone":                             config,
				"the inner address as issuer":              with(config, map[string]any{"issuer": inner}),
				"the inner address as issuer, and jwksUrl": with(config, map[string]any{"issuer": inner, "jwksUrl": realm.Keys()}),
			})
			var document struct {
				Issuer  string
				JWKSURI string `json:"jwks_uri"`
			}
			done(t, json.Unmarshal(get(t, inner+discovery), &document))
			t.Logf("asked at %s, the document names the issuer %s and the keys at %s", inner, document.Issuer, document.JWKSURI)
			token := must(realm.Token(t.Context(), Password("labs64-web", "alice")))(t).Access
			if got := decode(token).payload["iss"]; got != public {
				t.Fatalf("iss is %v, want %q", got, public)
			}
			for _, row := range []struct {
				guard string
				want  int
			}{
				{"jwksUrl", http.StatusOK},
				{"keycloakUrl, realm and jwksUrl", http.StatusOK},
				{"discoveryUrl", phase.discovery},
				{"issuer alone", http.StatusServiceUnavailable},
				// Another issuer's token, for which no key need be asked for.
				{"the inner address as issuer", http.StatusUnauthorized},
				{"the inner address as issuer, and jwksUrl", http.StatusUnauthorized},
			} {
				gs[row.guard].expect(t, phase.name+": "+row.guard, token, adminPath, row.want)
			}
		})
	}
}
