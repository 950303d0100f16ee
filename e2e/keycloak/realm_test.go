package keycloak

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"testing"
)

// newRealm creates a realm with one client, web, whose tokens are for the
// audience api, and with the user alice, who has admin-role. Its RSA key is made
// here, which is many times as fast as in a Java that has just started. settings
// may be nil, and win.
func newRealm(t *testing.T, name string, settings map[string]any) *Realm {
	t.Helper()
	realm := with(map[string]any{
		"realm": name, "enabled": true, "sslRequired": "none",
		// Passwords are no secrets here, and hashing them well takes time.
		"passwordPolicy": "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)",
		"roles":          map[string]any{"realm": []any{map[string]any{"name": "admin-role"}}},
		"clients":        []any{map[string]any{"clientId": "api", "secret": "api-secret"}, webClient("web")},
		"users":          []any{user("alice", "admin-role")},
		"components":     map[string]any{keyProvider: keys(t)},
	}, settings)
	must(site.keycloak.Admin(t.Context(), http.MethodPost, "", realm, nil))(t)
	return site.keycloak.Realm(name)
}

// keys are the key providers of a new realm: without secrets for the realm's
// own tokens, Keycloak could sign none.
func keys(t *testing.T) []Key {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	done(t, err)
	return []Key{
		{Name: "rsa", ProviderID: "rsa", Config: map[string][]string{"privateKey": {pemOf(key)}, "priority": {"100"}}},
		{Name: "hmac", ProviderID: "hmac-generated", Config: map[string][]string{"algorithm": {"HS512"}, "priority": {"100"}}},
		{Name: "aes", ProviderID: "aes-generated", Config: map[string][]string{"priority": {"100"}}},
	}
}

func pemOf(key *rsa.PrivateKey) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
}

// webClient is a public client whose tokens are for the audience api.
func webClient(id string, mappers ...any) map[string]any {
	return map[string]any{
		"clientId": id, "publicClient": true, "directAccessGrantsEnabled": true, "redirectUris": []string{redirect},
		"protocolMappers": append([]any{audienceMapper("api")}, mappers...),
	}
}

// user is a user whose password is the name, with realm roles.
func user(name string, roles ...string) map[string]any {
	return map[string]any{
		"username": name, "enabled": true, "emailVerified": true,
		"email": name + "@example.com", "firstName": name, "lastName": "Test",
		"credentials": []any{map[string]any{"type": "password", "value": name}},
		"realmRoles":  roles,
	}
}

// alice gets an access token of the realm's user alice.
func alice(t *testing.T, realm *Realm) string {
	t.Helper()
	return must(realm.Token(t.Context(), Password("web", "alice")))(t).Access
}

// guardOf is a configuration for a realm of newRealm's.
func guardOf(realm *Realm) map[string]any {
	return with(sample(), map[string]any{"issuer": realm.Issuer(), "audience": []string{"api"}})
}
