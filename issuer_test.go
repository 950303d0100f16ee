package authproxy

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// testIssuer is a small Keycloak: discovery and keys, and it signs whatever a test
// wants. What it answers can be replaced, to tell of outages and rotations.
type testIssuer struct {
	t      *testing.T
	server *httptest.Server
	url    string

	mu     sync.Mutex
	keys   []map[string]interface{}
	asked  int                                               // for keys
	answer func(w http.ResponseWriter, r *http.Request) bool // replaces the answer where it returns true
}

// testKeys are made once: RSA keys take long.
var testKeys = struct {
	mu  sync.Mutex
	rsa map[string]*rsa.PrivateKey
}{rsa: map[string]*rsa.PrivateKey{}}

func testRSA(t *testing.T, name string) *rsa.PrivateKey {
	t.Helper()
	testKeys.mu.Lock()
	defer testKeys.mu.Unlock()
	k := testKeys.rsa[name]
	if k == nil {
		made, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		k = made
		testKeys.rsa[name] = k
	}
	return k
}

func newTestIssuer(t *testing.T) *testIssuer {
	t.Helper()
	is := &testIssuer{t: t}
	is.server = httptest.NewServer(http.HandlerFunc(is.serve))
	t.Cleanup(func() { is.server.Close() })
	is.url = is.server.URL + "/realms/test"
	enc := rsaJWK("enc", &testRSA(t, "enc").PublicKey)
	enc["use"] = "enc"
	enc["alg"] = "RSA-OAEP"
	second := rsaJWK("k2", &testRSA(t, "k2").PublicKey)
	is.keys = []map[string]interface{}{enc, rsaJWK("k1", &testRSA(t, "k1").PublicKey), second}
	return is
}

func (is *testIssuer) serve(w http.ResponseWriter, r *http.Request) {
	is.mu.Lock()
	answer := is.answer
	keys := is.keys
	certs := r.URL.Path == "/realms/test/protocol/openid-connect/certs"
	if certs {
		is.asked++
	}
	is.mu.Unlock()
	if answer != nil {
		done := answer(w, r)
		if done {
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	switch {
	case certs:
		_ = json.NewEncoder(w).Encode(map[string]interface{}{"keys": keys})
	case r.URL.Path == "/realms/test/.well-known/openid-configuration":
		_ = json.NewEncoder(w).Encode(map[string]interface{}{
			"issuer":   is.url,
			"jwks_uri": is.url + "/protocol/openid-connect/certs",
		})
	default:
		http.NotFound(w, r)
	}
}

// answers replaces what the issuer answers; nil puts it back.
func (is *testIssuer) answers(f func(w http.ResponseWriter, r *http.Request) bool) {
	is.mu.Lock()
	is.answer = f
	is.mu.Unlock()
}

func (is *testIssuer) publish(keys ...map[string]interface{}) {
	is.mu.Lock()
	is.keys = keys
	is.mu.Unlock()
}

func (is *testIssuer) keysAsked() int {
	is.mu.Lock()
	n := is.asked
	is.mu.Unlock()
	return n
}

func rsaJWK(kid string, k *rsa.PublicKey) map[string]interface{} {
	return map[string]interface{}{
		"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256",
		"n": b64(k.N.Bytes()), "e": b64(big.NewInt(int64(k.E)).Bytes()),
	}
}

func ecJWK(kid string, k *ecdsa.PublicKey) map[string]interface{} {
	return map[string]interface{}{
		"kty": "EC", "kid": kid, "use": "sig", "crv": k.Curve.Params().Name,
		"x": b64(k.X.FillBytes(make([]byte, (k.Curve.Params().BitSize+7)/8))),
		"y": b64(k.Y.FillBytes(make([]byte, (k.Curve.Params().BitSize+7)/8))),
	}
}

func edJWK(kid string, k ed25519.PublicKey) map[string]interface{} {
	return map[string]interface{}{"kty": "OKP", "kid": kid, "use": "sig", "crv": "Ed25519", "alg": "EdDSA", "x": b64(k)}
}

func testEC(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func b64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// claims are those of a good access token for the test's configuration.
func (is *testIssuer) claims() map[string]interface{} {
	now := time.Now().Unix()
	return map[string]interface{}{
		"iss": is.url, "aud": []string{"account", "other"}, "sub": "user-1", "typ": "Bearer", "azp": "web",
		"exp": now + 300, "iat": now, "jti": "1",
		"realm_access":    map[string]interface{}{"roles": []string{"auditflow-role"}},
		"resource_access": map[string]interface{}{"account": map[string]interface{}{"roles": []string{"view-profile"}}},
		"scope":           "openid email",
	}
}

// token signs claims with a header, both as they are.
func (is *testIssuer) token(header, claims map[string]interface{}, method jwt.SigningMethod, key interface{}) string {
	head, err := json.Marshal(header)
	if err != nil {
		is.t.Fatal(err)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		is.t.Fatal(err)
	}
	return signRaw(is.t, string(head), string(body), method, key)
}

func signRaw(t *testing.T, head, body string, method jwt.SigningMethod, key interface{}) string {
	t.Helper()
	signed := b64([]byte(head)) + "." + b64([]byte(body))
	signature, err := method.Sign(signed, key)
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + b64(signature)
}

// good is a token as Keycloak makes it, with changes: a nil value removes a claim.
func (is *testIssuer) good(changes map[string]interface{}) string {
	claims := is.claims()
	for name, value := range changes {
		if value == nil {
			delete(claims, name)
			continue
		}
		claims[name] = value
	}
	header := map[string]interface{}{"alg": "RS256", "typ": "JWT", "kid": "k1"}
	return is.token(header, claims, jwt.SigningMethodRS256, testRSA(is.t, "k1"))
}

// config is a configuration that accepts good tokens.
func (is *testIssuer) config() *Config {
	c := CreateConfig()
	c.Issuer = is.url
	c.Audience = []string{"account"}
	c.LogLevel = "error"
	c.DecisionLog = "off"
	c.RoleMapping = map[string][]string{
		"/api/v1/admin":     {"admin-role"},
		"/api/v1/auditflow": {"admin-role", "auditflow-role"},
		"/public":           {},
	}
	return c
}

// backend notes what reached it.
type backend struct {
	mu      sync.Mutex
	reached int
	header  http.Header
	target  string
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	b.reached++
	b.header = r.Header.Clone()
	b.target = r.RequestURI
	b.mu.Unlock()
	_, _ = w.Write([]byte("ok"))
}

func (b *backend) count() int {
	b.mu.Lock()
	n := b.reached
	b.mu.Unlock()
	return n
}

// build makes a middleware in front of a new backend.
func build(t *testing.T, c *Config) (http.Handler, *backend) {
	t.Helper()
	b := &backend{}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	h, err := New(ctx, b, c, t.Name())
	if err != nil {
		t.Fatal(err)
	}
	return h, b
}

// send asks with a bearer token, none where it is "".
func send(h http.Handler, method, target, token string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

var _ crypto.Signer = ed25519.PrivateKey{}
