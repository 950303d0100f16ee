package authproxy

import (
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
)

// addCurves adds a key of each curve to a set and to the keys by algorithm.
func addCurves(t *testing.T, keys map[string]interface{}, set *[]map[string]interface{}) {
	t.Helper()
	for alg, curve := range map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()} {
		k := testEC(t, curve)
		keys[alg] = k
		*set = append(*set, ecJWK(alg, &k.PublicKey))
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys["EdDSA"] = private
	*set = append(*set, edJWK("EdDSA", public))
}

// TestKeyMembers alters a good key in one place each; what cannot be used is
// skipped, and says why.
func TestKeyMembers(t *testing.T) {
	rsaKey := func() map[string]interface{} { return rsaJWK("k", &testRSA(t, "k1").PublicKey) }
	ec := testEC(t, elliptic.P256())
	ecKey := func() map[string]interface{} { return ecJWK("k", &ec.PublicKey) }
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edKey := func() map[string]interface{} { return edJWK("k", public) }
	weak := make([]byte, 32)
	weak[0] = 1
	rows := []struct {
		phrase string
		jwk    map[string]interface{}
		name   string
		value  interface{}
		reason string // "" where the key is used
	}{
		{"RSA", rsaKey(), "use", "sig", ""},
		{"RSA without use and alg", rsaKey(), "alg", nil, ""},
		{"RSA for PS512", rsaKey(), "alg", "PS512", ""},
		{"RSA for encryption", rsaKey(), "use", "enc", "use is not"},
		{"RSA for RSA-OAEP", rsaKey(), "alg", "RSA-OAEP", "is not for a RSA key"},
		{"RSA for ES256", rsaKey(), "alg", "ES256", "is not for a RSA key"},
		{"RSA for HS256", rsaKey(), "alg", "HS256", "is not for a RSA key"},
		{"RSA with alg a number", rsaKey(), "alg", 1, "is not for a RSA key"},
		{"key_ops to verify", rsaKey(), "key_ops", []string{"verify"}, ""},
		{"key_ops to encrypt", rsaKey(), "key_ops", []string{"encrypt"}, "key_ops"},
		{"key_ops a string", rsaKey(), "key_ops", "verify", "key_ops"},
		{"a private exponent", rsaKey(), "d", "AQAB", "private key material"},
		{"a prime", rsaKey(), "p", "AQAB", "private key material"},
		{"a symmetric member", rsaKey(), "k", "AQAB", "symmetric"},
		{"a symmetric key", map[string]interface{}{"kty": "oct", "k": "AQAB"}, "kid", "k", "symmetric"},
		{"1024 bits", rsaKey(), "n", b64(new(big.Int).SetBit(big.NewInt(1), 1023, 1).Bytes()), "1024 bits"},
		{"an even modulus", rsaKey(), "n", b64(new(big.Int).SetBit(big.NewInt(0), 2047, 1).Bytes()), "modulus is even"},
		{"exponent 1", rsaKey(), "e", "AQ", "exponent"},
		{"an even exponent", rsaKey(), "e", "AQAA", "exponent"},
		{"a huge exponent", rsaKey(), "e", "AQAAAAE", "exponent"},
		{"padded", rsaKey(), "e", "AQAB====", "base64url"},
		{"a line end", rsaKey(), "e", "AQ\nAB", "base64url"},
		{"not canonical", rsaKey(), "e", "AQABB", "base64url"},
		{"no modulus", rsaKey(), "n", nil, "n: want base64url"},
		{"a kid that is a number", rsaKey(), "kid", 1, "kid is not a string"},
		{"a kid of a megabyte", rsaKey(), "kid", strings.Repeat("k", 1000), "kid is too long"},
		{"no kid", rsaKey(), "kid", nil, ""},
		{"P-256", ecKey(), "alg", "ES256", ""},
		{"P-256 for ES384", ecKey(), "alg", "ES384", "is not for a EC key"},
		{"off the curve", ecKey(), "x", b64(make([]byte, 32)), "not on P-256"},
		{"a short coordinate", ecKey(), "x", b64(make([]byte, 31)), "32 bytes"},
		{"secp256k1", ecKey(), "crv", "secp256k1", "unknown curve"},
		{"no curve", ecKey(), "crv", nil, "unknown curve"},
		{"Ed25519", edKey(), "alg", "EdDSA", ""},
		{"X25519", edKey(), "crv", "X25519", "unknown curve"},
		{"Ed448", edKey(), "crv", "Ed448", "unknown curve"},
		{"Ed25519 too short", edKey(), "x", b64(make([]byte, 31)), "32 bytes"},
		{"Ed25519 of small order", edKey(), "x", b64(weak), "small order"},
		{"Ed25519 not canonical", edKey(), "x", b64([]byte(strings.Repeat("\xff", 31) + "\x7f")), "small order, or not in canonical"},
		{"no type", rsaKey(), "kty", nil, "unknown key type"},
		{"another type", rsaKey(), "kty", "rsa", "unknown key type"},
	}
	for _, row := range rows {
		row.jwk[row.name] = row.value
		if row.value == nil {
			delete(row.jwk, row.name)
		}
		text, err := json.Marshal(row.jwk)
		if err != nil {
			t.Fatal(err)
		}
		k, skip := parseKey(text)
		if (k != nil) != (row.reason == "") || !strings.Contains(skip.reason, row.reason) {
			t.Errorf("%s: got %v, %q; want %q", row.phrase, k, skip.reason, row.reason)
		}
	}
}

// TestOneKidManyKeys: Keycloak lists one key several times, for several algorithms,
// and different keys may share a kid.
func TestOneKidManyKeys(t *testing.T) {
	one := rsaJWK("k", &testRSA(t, "k1").PublicKey)
	again := rsaJWK("k", &testRSA(t, "k1").PublicKey)
	again["alg"] = "PS256"
	other := rsaJWK("k", &testRSA(t, "k2").PublicKey)
	set := setOf(t, one, again, other)
	for alg, want := range map[string]int{"RS256": 2, "PS256": 1, "RS512": 0, "ES256": 0} {
		if got := len(set.find(&joseHeader{alg: alg, kid: "k", hasKeyID: true})); got != want {
			t.Errorf("%s: %d keys, want %d", alg, got, want)
		}
	}
	if len(set.find(&joseHeader{alg: "RS256"})) != 0 {
		t.Error("a token without kid is tried with several keys")
	}
	set = setOf(t, one, again)
	if len(set.find(&joseHeader{alg: "PS256"})) != 1 {
		t.Error("a token without kid does not find the only key")
	}
	if !set.serves(&joseHeader{alg: "PS256", kid: "k", hasKeyID: true, keyID: keyID("k", "PS256")}) {
		t.Error("a known kid is not served")
	}
	if set.serves(&joseHeader{alg: "RS256", kid: "other", hasKeyID: true, keyID: keyID("other", "RS256")}) {
		t.Error("an unknown kid is served")
	}
}

func setOf(t *testing.T, keys ...map[string]interface{}) *keySet {
	t.Helper()
	text, err := json.Marshal(map[string]interface{}{"keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	set, _, err := parseKeySet(text)
	if err != nil {
		t.Fatal(err)
	}
	return set
}
