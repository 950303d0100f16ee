package keycloak

import (
	"encoding/json"
	"fmt"
	"testing"
)

// TestRealmNames uses names that Keycloak writes into the issuer with
// percent-encoding, and ones that only look alike.
func TestRealmNames(t *testing.T) {
	need(t)
	for _, name := range []string{"Läden 2", "a~b_c-d.e", "日本 é"} {
		t.Run(name, func(t *testing.T) {
			realm := newRealm(t, name, nil)
			var document struct{ Issuer string }
			done(t, json.Unmarshal(get(t, realm.Issuer()+"/.well-known/openid-configuration"), &document))
			gs := guards(t, map[string]map[string]any{
				"issuer as Keycloak shows it": with(guardOf(realm), map[string]any{"issuer": document.Issuer}),
				"realm by its name": with(guardOf(realm), map[string]any{
					"issuer": nil, "keycloakUrl": site.keycloak.URL(), "realm": name,
				}),
			})
			token := alice(t, realm)
			if got := decode(token).payload["iss"]; got != document.Issuer {
				t.Errorf("iss is %v, the discovery document says %q", got, document.Issuer)
			}
			for how, g := range gs {
				g.expect(t, fmt.Sprintf("realm %q, %s", name, how), token, adminPath, 200)
				r := must(g.ask(adminPath, ""))(t)
				if want := fmt.Sprintf(`Bearer realm="%s"`, name); r.status != 401 || r.challenge != want {
					t.Errorf("%s, no token: status %d, challenge %q; want 401 and %q", how, r.status, r.challenge, want)
				}
			}
		})
	}
}

// TestOtherRealms shows tokens of one realm to guards of another. Two realms
// share a key and so its id: what tells them apart is the issuer alone.
func TestOtherRealms(t *testing.T) {
	need(t)
	one := keys(t)
	shared := map[string]any{"components": map[string]any{keyProvider: one}}
	upper, lower := newRealm(t, "Shop", shared), newRealm(t, "shop", shared)
	gs := guards(t, map[string]map[string]any{
		"Shop": guardOf(upper),
		"shop": guardOf(lower),
		"both": with(guardOf(upper), map[string]any{"issuers": []any{map[string]any{"issuer": lower.Issuer()}}}),
	})
	tokens := map[string]string{
		"Shop":     alice(t, upper),
		"shop":     alice(t, lower),
		"labs64io": must(site.realm.Token(t.Context(), Password("labs64-web", "alice")))(t).Access,
	}
	if a, b := decode(tokens["Shop"]).header["kid"], decode(tokens["shop"]).header["kid"]; a != b {
		t.Fatalf("the realms do not share a key id: %v, %v", a, b)
	}
	done(t, site.keycloak.refreshAdmin(t.Context()))
	tokens["master"] = site.keycloak.admin.value

	for _, row := range []struct {
		of, at string
		want   int
	}{
		{"Shop", "Shop", 200}, {"shop", "shop", 200}, {"Shop", "both", 200}, {"shop", "both", 200},
		{"Shop", "shop", 401}, {"shop", "Shop", 401},
		{"labs64io", "Shop", 401}, {"labs64io", "both", 401},
		{"master", "Shop", 401}, {"master", "both", 401},
	} {
		gs[row.at].expect(t, fmt.Sprintf("token of realm %s at a guard of %s", row.of, row.at), tokens[row.of], adminPath, row.want)
	}
}
