package oracle

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// published are the keys of the issuer under test, each under its algorithm's
// name, and one RSA key that is registered for three algorithms under one kid,
// as Keycloak may do.
var published = []*issuer.Key{
	issuer.Load("rsa-1", "RS256").WithID("RS256"),
	issuer.Load("rsa-2", "RS384").WithID("RS384"),
	issuer.Load("rsa-3", "RS512").WithID("RS512"),
	issuer.Load("rsa-4", "PS256").WithID("PS256"),
	issuer.Load("rsa-5", "PS384").WithID("PS384"),
	issuer.Load("rsa-6", "PS512").WithID("PS512"),
	issuer.Load("ec-256-1", "ES256").WithID("ES256"),
	issuer.Load("ec-384-1", "ES384").WithID("ES384"),
	issuer.Load("ec-521-1", "ES512").WithID("ES512"),
	issuer.Load("ed25519-1", "EdDSA").WithID("EdDSA"),
	issuer.Load("rsa-7", "RS256").WithID("many"),
	issuer.Load("rsa-7", "PS256").WithID("many"),
	issuer.Load("rsa-7", "RS512").WithID("many"),
}

// strangers sign too and are not published.
var strangers = []*issuer.Key{
	issuer.Load("rsa-8", "RS256"),
	issuer.Load("ec-256-2", "ES256"),
	issuer.Load("ed25519-2", "EdDSA"),
	issuer.HMAC("HS256", published[0].PublicPEM()),
	issuer.HMAC("HS256", published[0].PublicDER()),
}

// ways are all the ways to sign: with a published key, with a stranger's, with
// a PSS salt of another length than the hash's, not at all, and with a
// published key for an algorithm that it is not registered for.
var ways = func() []func(input []byte) ([]byte, error) {
	by := func(alg string, k *issuer.Key) func([]byte) ([]byte, error) {
		return func(input []byte) ([]byte, error) { return issuer.Signature(alg, k, input) }
	}
	var all []func([]byte) ([]byte, error)
	for _, k := range append(slices.Clone(published), strangers...) {
		all = append(all, by(k.Alg, k))
	}
	return append(all,
		func(input []byte) ([]byte, error) { return issuer.PSS(published[3], "PS256", input, 20) },
		by("none", nil),
		by("RS384", published[0]),
		by("PS256", published[0]),
	)
}()

// sign makes the signature of the n-th way to sign, counted round.
func sign(n uint8, input []byte) ([]byte, error) {
	return ways[int(n)%len(ways)](input)
}

// keysFor are the published keys that a header means (RFC 7517, section 4.4:
// a key's alg says what it is for).
func keysFor(kid, alg string) []crypto.PublicKey {
	var keys []crypto.PublicKey
	for _, k := range published {
		if k.ID == kid && k.Alg == alg {
			keys = append(keys, k.Private.Public())
		}
	}
	return keys
}

// algorithms are those that the plugin accepts by default.
var algorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
	jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

// samePublic reports whether two public keys are one.
func samePublic(a, b crypto.PublicKey) bool {
	switch a := a.(type) {
	case *rsa.PublicKey:
		return a.Equal(b)
	case *ecdsa.PublicKey:
		return a.Equal(b)
	case ed25519.PublicKey:
		return a.Equal(b)
	}
	return false
}
