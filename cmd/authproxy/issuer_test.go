package main

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

// issuer is a small Keycloak with one realm, labs64io.
type issuer struct {
	server *httptest.Server
	key    *rsa.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	is := &issuer{key: key}
	is.server = httptest.NewServer(http.HandlerFunc(is.serve))
	t.Cleanup(is.server.Close)
	return is
}

func (is *issuer) realm() string { return is.server.URL + "/realms/labs64io" }

func (is *issuer) serve(w http.ResponseWriter, r *http.Request) {
	var answer any
	switch r.URL.Path {
	case "/realms/labs64io/.well-known/openid-configuration":
		answer = map[string]string{"issuer": is.realm(), "jwks_uri": is.realm() + "/certs"}
	case "/realms/labs64io/certs":
		answer = is.keySet()
	default:
		http.NotFound(w, r)
		return
	}
	_ = json.NewEncoder(w).Encode(answer) // a client that has gone fails its own test
}

func (is *issuer) keySet() any {
	encode := base64.RawURLEncoding.EncodeToString
	return map[string]any{"keys": []any{map[string]string{
		"kty": "RSA", "kid": "k1", "use": "sig", "alg": "RS256",
		"n": encode(is.key.N.Bytes()), "e": encode(big.NewInt(int64(is.key.E)).Bytes()),
	}}}
}

// token signs the claims of an auditor with changes; nil takes a claim away.
func (is *issuer) token(t *testing.T, changes map[string]any) string {
	t.Helper()
	claims := jwt.MapClaims{
		"iss": is.realm(), "sub": "3e7b9a52", "aud": "account", "azp": "web", "typ": "Bearer",
		"iat": 1760000000, "exp": 4102444800,
		"realm_access": map[string]any{"roles": []string{"auditflow-role"}},
		"scope":        "openid",
	}
	for name, value := range changes {
		if value == nil {
			delete(claims, name)
			continue
		}
		claims[name] = value
	}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	token.Header["kid"] = "k1"
	text, err := token.SignedString(is.key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// writeTokens puts the tokens of the transcripts into the present folder.
func (is *issuer) writeTokens(t *testing.T) {
	t.Helper()
	writeFile(t, "token.txt", is.token(t, nil)+"\n")
	writeFile(t, "header.txt", "Authorization: Bearer "+is.token(t, nil)+"\n")
	writeFile(t, "expired.txt", is.token(t, map[string]any{"exp": 1700000000, "aud": []string{"other"}}))
	writeFile(t, "client.txt", is.token(t, map[string]any{
		"groups":          []string{"auditors"},
		"resource_access": map[string]any{"account": map[string]any{"roles": []string{"manage-account"}}},
	}))
	writeFile(t, "empty.txt", "\n")
	keys, err := json.Marshal(is.keySet())
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, "keys.json", string(keys))
}
