package keycloak

import (
	"encoding/json"
	"maps"
	"net/url"
	"path/filepath"
	"testing"
)

// policyFile is the examples' role mapping.
const policyFile = "../../examples/file/role_mapping.yaml"

// TestSamplePolicy shows who of the examples' realm may do what.
func TestSamplePolicy(t *testing.T) {
	need(t)
	// The examples' own policy file, and the same as a map.
	policy, err := filepath.Abs(filepath.FromSlash(policyFile))
	done(t, err)
	gs := guards(t, map[string]map[string]any{
		"map":  sample(),
		"file": with(sample(), map[string]any{"roleMapping": nil, "roleMappingFile": policy}),
		"web":  with(sample(), map[string]any{"authorizedParties": []string{"labs64-web"}}),
		"job":  with(sample(), map[string]any{"authorizedParties": []string{"labs64-batch"}}),
	})
	for _, who := range []struct {
		user, why    string
		admin, audit int
	}{
		{"alice", "realm role admin-role", 200, 200},
		{"bob", "realm role auditflow-role", 403, 200},
		{"carol", "no role but the realm's default roles", 403, 403},
		{"dave", "composite role that holds auditflow-role", 403, 200},
		{"erin", "group that has auditflow-role", 403, 200},
		{"frank", "client role auditflow-role at the audience", 403, 200},
		{"grace", "client role admin-role at another client", 403, 403},
	} {
		t.Run(who.user, func(t *testing.T) {
			token := must(site.realm.Token(t.Context(), Password("labs64-web", who.user)))(t).Access
			kind := "password: " + who.why
			for _, from := range []string{"map", "file"} {
				g := gs[from]
				g.expect(t, kind, token, adminPath, who.admin)
				g.expect(t, kind, token, auditPath, who.audit)
				g.expect(t, kind, token, publicPath, 200)
				g.expect(t, kind, token, otherPath, 403)
			}
			if want := must(site.realm.User(t.Context(), who.user))(t); decode(token).payload["sub"] != want {
				t.Errorf("sub is %v, the admin API says %q", decode(token).payload["sub"], want)
			}
		})
	}
	t.Run("another client", func(t *testing.T) {
		token := must(site.realm.Token(t.Context(), Password("labs64-web", "alice")))(t).Access
		gs["web"].expect(t, "azp in authorizedParties", token, adminPath, 200)
		gs["job"].expect(t, "azp not in authorizedParties", token, adminPath, 401)
	})
	t.Run("nobody", func(t *testing.T) {
		g := gs["map"]
		for path, want := range map[string]int{adminPath: 401, auditPath: 401, otherPath: 401, publicPath: 200} {
			g.expect(t, "no token", "", path, want)
		}
		r := must(g.ask(adminPath, ""))(t)
		if want := `Bearer realm="labs64io"`; r.challenge != want {
			t.Errorf("challenge %q, want %q", r.challenge, want)
		}
	})
	t.Run("default role", func(t *testing.T) {
		g := newGuard(t, with(sample(), map[string]any{
			"roleMapping": map[string]any{"/api": []string{"default-roles-labs64io"}},
		}))
		token := must(site.realm.Token(t.Context(), Password("labs64-web", "carol")))(t).Access
		g.expect(t, "password: the composite default role", token, otherPath, 200)
	})
}

// TestGrants gets access tokens in every way that Keycloak has for them. A way
// does not change what its token may do.
func TestGrants(t *testing.T) {
	need(t)
	realm, ctx := site.realm, t.Context()
	_, err := realm.AddClient(ctx, map[string]any{
		"clientId": "full", "secret": "full-secret", "publicClient": false, "redirectUris": []string{redirect},
		"standardFlowEnabled": true, "implicitFlowEnabled": true, "directAccessGrantsEnabled": true,
		"serviceAccountsEnabled": true, "authorizationServicesEnabled": true,
		"attributes": map[string]any{
			"standard.token.exchange.enabled":           "true",
			"oauth2.device.authorization.grant.enabled": "true",
		},
		"protocolMappers": []any{audienceMapper("labs64-api"), audienceMapper("full")},
		"authorizationSettings": map[string]any{
			"policyEnforcementMode": "PERMISSIVE", "resources": []any{map[string]any{"name": "a thing"}},
		},
	})
	done(t, err)
	// A requesting party token is for its resource server alone.
	g := newGuard(t, with(sample(), map[string]any{"audience": []string{"labs64-api", "full"}}))
	secret := url.Values{"client_id": {"full"}, "client_secret": {"full-secret"}}
	form := func(grant string, pairs ...string) url.Values {
		f := url.Values{"grant_type": {grant}}
		maps.Copy(f, secret)
		for i := 0; i+1 < len(pairs); i += 2 {
			f.Add(pairs[i], pairs[i+1])
		}
		return f
	}
	bob := func(t *testing.T, scope ...string) *Answer {
		f := form("password", "username", "bob", "password", "bob")
		if len(scope) > 0 {
			f["scope"] = scope
		}
		return must(realm.Token(t.Context(), f))(t)
	}

	for _, way := range []struct {
		name string
		get  func(t *testing.T) string
	}{
		{"password", func(t *testing.T) string { return bob(t).Access }},
		{"password with scope openid", func(t *testing.T) string { return bob(t, "openid").Access }},
		{"refresh", func(t *testing.T) string {
			return must(realm.Token(t.Context(), form("refresh_token", "refresh_token", bob(t).Refresh)))(t).Access
		}},
		{"refresh with an offline token", func(t *testing.T) string {
			return must(realm.Token(t.Context(), form("refresh_token", "refresh_token", bob(t, "offline_access").Refresh)))(t).Access
		}},
		{"client_credentials of a service account", func(t *testing.T) string {
			return must(realm.Token(t.Context(), ClientCredentials("labs64-batch", "batch-example-secret")))(t).Access
		}},
		{"standard token exchange", func(t *testing.T) string {
			return must(realm.Token(t.Context(), form("urn:ietf:params:oauth:grant-type:token-exchange",
				"subject_token", bob(t).Access,
				"subject_token_type", "urn:ietf:params:oauth:token-type:access_token")))(t).Access
		}},
		{"standard token exchange for one audience", func(t *testing.T) string {
			return must(realm.Token(t.Context(), form("urn:ietf:params:oauth:grant-type:token-exchange",
				"subject_token", bob(t).Access, "audience", "labs64-api",
				"subject_token_type", "urn:ietf:params:oauth:token-type:access_token")))(t).Access
		}},
		{"authorization code", func(t *testing.T) string {
			login := must(realm.Browser(t.Context(), "bob", url.Values{
				"client_id": {"full"}, "response_type": {"code"}, "redirect_uri": {redirect}, "scope": {"openid"},
			}))(t)
			return must(realm.Token(t.Context(), form("authorization_code",
				"code", login.Values().Get("code"), "redirect_uri", redirect)))(t).Access
		}},
		{"implicit flow", func(t *testing.T) string {
			return must(realm.Browser(t.Context(), "bob", url.Values{
				"client_id": {"full"}, "response_type": {"token"}, "redirect_uri": {redirect}, "scope": {"openid"},
			}))(t).Values().Get("access_token")
		}},
		{"device", func(t *testing.T) string { return deviceToken(t, realm, secret, form) }},
		{"UMA requesting party token", func(t *testing.T) string {
			return must(realm.Token(t.Context(), form("urn:ietf:params:oauth:grant-type:uma-ticket", "audience", "full"),
				"Authorization", "Bearer "+bob(t).Access))(t).Access
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			token := way.get(t)
			kind := "access token by " + way.name
			g.expect(t, kind, token, auditPath, 200)
			g.expect(t, kind, token, adminPath, 403)
		})
	}
}

// redirect is where the tests' clients are sent after a login. Nobody listens
// there.
const redirect = "http://127.0.0.1/callback"

// audienceMapper puts a client into a token's aud.
func audienceMapper(client string) map[string]any {
	return map[string]any{
		"name": "audience " + client, "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
		"config": map[string]any{
			"included.client.audience": client, "access.token.claim": "true", "id.token.claim": "true",
		},
	}
}

// deviceToken walks through the device grant (RFC 8628): the device asks, the
// user logs in and agrees, the device gets its token.
func deviceToken(t *testing.T, realm *Realm, secret url.Values, form func(string, ...string) url.Values) string {
	t.Helper()
	var asked struct {
		DeviceCode string `json:"device_code"`
		Complete   string `json:"verification_uri_complete"`
	}
	done(t, json.Unmarshal(must(realm.Post(t.Context(), "auth/device", secret))(t), &asked))
	done(t, realm.Agree(t.Context(), "bob", asked.Complete))
	return must(realm.Token(t.Context(), form("urn:ietf:params:oauth:grant-type:device_code", "device_code", asked.DeviceCode)))(t).Access
}
