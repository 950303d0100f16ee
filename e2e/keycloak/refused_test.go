package keycloak

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// TestWhatIsNoAccessToken shows everything else that a realm signs, or calls a
// token. The plugin's audience is set so that theirs fits, the roles are put
// into them where Keycloak can be made to, and any user may pass: only the kind
// of token is left to refuse them for.
func TestWhatIsNoAccessToken(t *testing.T) {
	need(t)
	realm, ctx := site.realm, t.Context()
	inbox := newInbox(t)
	app := map[string]any{
		"clientId": "app", "secret": "app-secret", "publicClient": false, "redirectUris": []string{redirect},
		"standardFlowEnabled": true, "implicitFlowEnabled": true, "directAccessGrantsEnabled": true,
		"serviceAccountsEnabled": true, "authorizationServicesEnabled": true,
		"adminUrl": inbox.url + "/admin",
		"attributes": map[string]any{
			"user.info.response.signature.alg":    "RS256",
			"authorization.signed.response.alg":   "RS256",
			"backchannel.logout.url":              inbox.url + "/logout",
			"backchannel.logout.session.required": "true",
		},
		"protocolMappers": []any{audienceMapper("app"), rolesMapper()},
	}
	appID := must(realm.AddClient(ctx, app))(t)
	for _, more := range []map[string]any{
		{"clientId": "registry", "protocol": "docker-v2"},
		clientLike(app, "hmac", map[string]any{"access.token.signed.response.alg": "HS256"}),
		clientLike(app, "dpop", nil),
		clientLike(app, "issuerless", map[string]any{"exclude.issuer.from.auth.response": "true"}),
		clientLike(app, "sealed", map[string]any{
			"id.token.encrypted.response.alg": "RSA-OAEP", "id.token.encrypted.response.enc": "A256GCM",
			"use.jwks.string": "true", "jwks.string": encryptionKeys(t),
		}),
	} {
		_, err := realm.AddClient(ctx, more)
		done(t, err)
	}

	audience := []string{"app", "registry", "hmac", "dpop", "issuerless", "sealed", "account", "labs64-api", realm.Issuer()}
	fits := with(sample(), map[string]any{"audience": audience, "roleMapping": nil, "rules": anyUser()})
	gs := guards(t, map[string]map[string]any{
		"audience fits": fits,
		"any audience":  with(fits, map[string]any{"audience": nil, "skipAudienceCheck": true}),
		"typ optional":  with(fits, map[string]any{"requireTyp": false}),
	})
	login := func(client string, scopes string, headers ...string) *Answer {
		return must(realm.Token(ctx, url.Values{
			"grant_type": {"password"}, "client_id": {client}, "client_secret": {"app-secret"},
			"username": {"alice"}, "password": {"alice"}, "scope": {scopes},
		}, headers...))(t)
	}
	front := func(query url.Values) *Login {
		if !query.Has("client_id") {
			query.Set("client_id", "app")
		}
		query.Set("redirect_uri", redirect)
		query.Set("scope", "openid")
		query.Set("nonce", "once")
		return must(realm.Browser(ctx, "alice", query))(t)
	}

	alice := login("app", "openid")
	for name, g := range gs {
		// Without this, a guard that refuses everything would pass the test.
		g.expect(t, "access token, as the opposite", alice.Access, otherPath, 200)
		if name == "audience fits" {
			g.expect(t, "access token, as the opposite", front(url.Values{"response_type": {"token"}}).Values().Get("access_token"), otherPath, 200)
		}
	}

	for _, kind := range []struct {
		name string
		// typ is what Keycloak writes into the payload, where it can be read.
		typ any
		get func(t *testing.T) string
		// lean is what only the missing typ gives away: there is nothing to
		// show where requireTyp is off.
		lean bool
	}{
		{name: "ID token", typ: "ID", get: func(*testing.T) string { return alice.ID }},
		{name: "ID token of the front channel", typ: "ID", get: func(*testing.T) string {
			return front(url.Values{"response_type": {"id_token"}}).Values().Get("id_token")
		}},
		{name: "ID token, encrypted", get: func(*testing.T) string { return login("sealed", "openid").ID }},
		{name: "refresh token", typ: "Refresh", get: func(*testing.T) string { return alice.Refresh }},
		{name: "offline token", typ: "Offline", get: func(*testing.T) string { return login("app", "openid offline_access").Refresh }},
		{name: "back-channel logout token", typ: "Logout", get: func(t *testing.T) string {
			login("app", "openid")
			done(t, realm.Logout(ctx, must(realm.User(ctx, "alice"))(t)))
			form, err := url.ParseQuery(inbox.wait(t, "/logout"))
			done(t, err)
			return form.Get("logout_token")
		}},
		{name: "signed userinfo", lean: true, get: func(t *testing.T) string {
			access := login("app", "openid").Access
			return string(must(realm.Post(ctx, "userinfo", nil, "Authorization", "Bearer "+access))(t))
		}},
		// By default Keycloak writes iss into it twice.
		{name: "signed authorization response (JARM)", lean: true, get: func(*testing.T) string {
			return front(url.Values{"response_type": {"code"}, "response_mode": {"query.jwt"}}).Values().Get("response")
		}},
		{name: "signed authorization response (JARM), iss once", lean: true, get: func(*testing.T) string {
			return front(url.Values{"client_id": {"issuerless"}, "response_type": {"code"}, "response_mode": {"query.jwt"}}).Values().Get("response")
		}},
		{name: "docker registry token", typ: "Bearer", get: func(t *testing.T) string { return dockerToken(t, realm) }},
		{name: "HMAC-signed access token", typ: "Bearer", get: func(*testing.T) string { return login("hmac", "openid").Access }},
		{name: "DPoP-bound access token", typ: "DPoP", get: func(t *testing.T) string {
			return login("dpop", "openid", "DPoP", dpopProof(t, realm)).Access
		}},
		{name: "UMA permission ticket", get: func(t *testing.T) string { return permissionTicket(t, realm, appID) }},
		{name: "initial access token", typ: "InitialAccessToken", get: func(t *testing.T) string {
			var made struct{ Token string }
			must(realm.admin(ctx, http.MethodPost, "/clients-initial-access", map[string]any{"count": 1, "expiration": 60}, &made))(t)
			return made.Token
		}},
		{name: "registration access token", typ: "RegistrationAccessToken", get: func(t *testing.T) string {
			var made struct{ RegistrationAccessToken string }
			must(realm.admin(ctx, http.MethodPost, "/clients/"+appID+"/registration-access-token", nil, &made))(t)
			return made.RegistrationAccessToken
		}},
		{name: "identity cookie", typ: "Serialized-ID", get: func(*testing.T) string {
			return front(url.Values{"response_type": {"code"}}).Cookies["KEYCLOAK_IDENTITY"]
		}},
		{name: "restart cookie", get: func(t *testing.T) string { return restartCookie(t, realm) }},
		{name: "admin action to a client's adapter", lean: true, get: func(t *testing.T) string {
			must(realm.admin(ctx, http.MethodPost, "/clients/"+appID+"/push-revocation", nil, nil))(t)
			return inbox.wait(t, "/admin/k_push_not_before")
		}},
	} {
		t.Run(kind.name, func(t *testing.T) {
			token := kind.get(t)
			if n := strings.Count(token, "."); n != 2 && n != 4 {
				t.Fatalf("this is no JWT: %q", token)
			}
			if got := decode(token); got.payload["typ"] != kind.typ {
				t.Errorf("typ is %v, want %v: %s", got.payload["typ"], kind.typ, got)
			}
			gs["audience fits"].expect(t, kind.name, token, otherPath, 401)
			gs["any audience"].expect(t, kind.name, token, otherPath, 401)
			if !kind.lean {
				gs["typ optional"].expect(t, kind.name, token, otherPath, 401)
			}
		})
	}
}

// clientLike is a client with another name and further attributes.
func clientLike(client map[string]any, id string, attributes map[string]any) map[string]any {
	own, _ := client["attributes"].(map[string]any)
	return with(client, map[string]any{
		"clientId": id, "attributes": with(own, attributes),
		"protocolMappers": []any{audienceMapper(id), rolesMapper()},
	})
}

// rolesMapper puts the realm's roles into everything that has room for them.
func rolesMapper() map[string]any {
	return map[string]any{
		"name": "roles everywhere", "protocol": "openid-connect", "protocolMapper": "oidc-usermodel-realm-role-mapper",
		"config": map[string]any{
			"claim.name": "realm_access.roles", "jsonType.label": "String", "multivalued": "true",
			"access.token.claim": "true", "id.token.claim": "true", "userinfo.token.claim": "true",
			"introspection.token.claim": "true",
		},
	}
}

// inbox is a client's own address, where Keycloak sends what it pushes.
type inbox struct {
	url      string
	messages chan [2]string // path and body
}

func newInbox(t *testing.T) *inbox {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	done(t, err)
	in := &inbox{"http://" + l.Addr().String(), make(chan [2]string, 16)}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			in.messages <- [2]string{r.URL.Path, string(body)}
		}
	})}
	go func() { _ = server.Serve(l) }() // until Close
	t.Cleanup(func() { _ = server.Close() })
	return in
}

// wait returns the body of the next message to a path.
func (in *inbox) wait(t *testing.T, path string) string {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case m := <-in.messages:
			if m[0] == path {
				return m[1]
			}
		case <-deadline:
			t.Fatalf("Keycloak sent nothing to %s", path)
		}
	}
}

// encryptionKeys is the key set of a client that wants its ID tokens
// encrypted. Nobody opens them.
func encryptionKeys(t *testing.T) string {
	raw, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{
		Key: site.rsaKey.Public(), KeyID: "sealed", Use: "enc", Algorithm: "RSA-OAEP",
	}}})
	done(t, err)
	return string(raw)
}

// dockerToken logs in at the token service for docker registries.
func dockerToken(t *testing.T, realm *Realm) string {
	t.Helper()
	query := url.Values{"service": {"registry"}, "account": {"alice"}, "scope": {"repository:alpine:pull"}}
	var answer struct{ Token string }
	done(t, json.Unmarshal(get(t, realm.Issuer()+"/protocol/docker-v2/auth?"+query.Encode(),
		"Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("alice:alice"))), &answer))
	return answer.Token
}

func get(t *testing.T, address string, headers ...string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	done(t, err)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := client.Do(req)
	done(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	done(t, err)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s: %s", address, res.Status, body)
	}
	return body
}

// dpopProof proves the possession of a new key to the token endpoint
// (RFC 9449, section 4.2).
func dpopProof(t *testing.T, realm *Realm) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	done(t, err)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key},
		(&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"))
	done(t, err)
	return must(jwt.Signed(signer).Claims(map[string]any{
		"htm": http.MethodPost, "htu": realm.Issuer() + "/protocol/openid-connect/token",
		"iat": time.Now().Unix(), "jti": rand.Text(),
	}).Serialize())(t)
}

// permissionTicket is what a resource server gets for a resource of its own,
// to hand it to whoever asked for it without permission.
func permissionTicket(t *testing.T, realm *Realm, id string) string {
	t.Helper()
	service := must(realm.Token(t.Context(), ClientCredentials("app", "app-secret")))(t).Access
	var resource struct {
		ID string `json:"_id"`
	}
	must(realm.admin(t.Context(), http.MethodPost, "/clients/"+id+"/authz/resource-server/resource",
		map[string]any{"name": "a thing", "ownerManagedAccess": true}, &resource))(t)
	var made struct{ Ticket string }
	body := `[{"resource_id":"` + resource.ID + `"}]`
	done(t, json.Unmarshal(postJSON(t, realm.Issuer()+"/authz/protection/permission", service, body), &made))
	return made.Ticket
}

func postJSON(t *testing.T, address, token, body string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	done(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	done(t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	done(t, err)
	if res.StatusCode/100 != 2 {
		t.Fatalf("POST %s: %s: %s", address, res.Status, answer)
	}
	return answer
}

// restartCookie is what Keycloak lets a browser carry from the login page on,
// to begin again after a timeout.
func restartCookie(t *testing.T, realm *Realm) string {
	t.Helper()
	l := &Login{Cookies: map[string]string{}}
	query := url.Values{"client_id": {"app"}, "response_type": {"code"}, "redirect_uri": {redirect}}
	_, err := l.visit(t.Context(), http.MethodGet, realm.Issuer()+"/protocol/openid-connect/auth?"+query.Encode(), nil)
	done(t, err)
	return l.Cookies["KC_RESTART"]
}
