package issuer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // x5t is defined over SHA-1 (RFC 7517, section 4.8).
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"embed"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"sync"
	"time"
)

//go:embed testdata/*.pem
var keyFiles embed.FS

// Key is a key of a realm, or of a stranger. Its exported fields may be set
// before the key is published or used, not afterwards.
type Key struct {
	// ID is the kid: the RFC 7638 thumbprint of the public key, unless a
	// test sets another.
	ID string
	// Alg is the member "alg" of the JWK and the algorithm that tokens signed
	// with the key use. Empty: the member is left out, and the algorithm
	// follows from the key's type.
	Alg string
	// Use is the member "use": "sig" or "enc"; empty leaves it out.
	Use string
	// Private is the private key: *rsa.PrivateKey, *ecdsa.PrivateKey or
	// ed25519.PrivateKey. Nil for an HMAC key.
	Private crypto.Signer
	// Secret is the HMAC secret, used with HS256, HS384 and HS512.
	Secret []byte
}

// Load returns the fixed key testdata/NAME.pem for the given algorithm, for
// example Load("rsa-3", "PS256"). It panics when there is no such key.
func Load(name, alg string) *Key {
	private, err := loadPEM(name)
	if err != nil {
		panic(fmt.Sprintf("issuer: %v", err))
	}
	return NewKey(private, alg)
}

// NewKey makes a signing key of any private key, with its thumbprint for kid.
func NewKey(private crypto.Signer, alg string) *Key {
	return &Key{ID: Thumbprint(private.Public()), Alg: alg, Use: "sig", Private: private}
}

// HMAC returns a key that signs with the secret. With the public key of a
// realm for secret it is the classic algorithm confusion (RFC 8725, section
// 2.1): HMAC("HS256", realm.Key("RS256").PublicPEM()).
func HMAC(alg string, secret []byte) *Key {
	return &Key{Alg: alg, Secret: secret}
}

// WithID returns a copy of the key under another kid.
func (k *Key) WithID(kid string) *Key {
	c := *k
	c.ID = kid
	return &c
}

// WithAlg returns a copy of the key for another algorithm, same kid.
func (k *Key) WithAlg(alg string) *Key {
	c := *k
	c.Alg = alg
	return &c
}

// WithUse returns a copy of the key with another "use".
func (k *Key) WithUse(use string) *Key {
	c := *k
	c.Use = use
	return &c
}

// PublicDER is the public key as PKIX in DER.
func (k *Key) PublicDER() []byte {
	der, err := x509.MarshalPKIXPublicKey(k.Private.Public())
	if err != nil {
		panic(fmt.Sprintf("issuer: key %q: %v", k.ID, err))
	}
	return der
}

// PublicPEM is the public key as a PEM block "PUBLIC KEY", as published by
// Keycloak in its admin console.
func (k *Key) PublicPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: k.PublicDER()})
}

// JWK returns the public key as Keycloak publishes it (RFC 7517, RFC 7518,
// RFC 8037), a fresh map that the caller may change. An HMAC key comes out as
// "oct" with its secret: no issuer publishes one, a test may.
func (k *Key) JWK() map[string]any {
	jwk := map[string]any{}
	if k.Private == nil {
		jwk["kty"] = "oct"
		jwk["k"] = b64(k.Secret)
	} else {
		jwk = publicJWK(k.Private.Public())
	}
	if k.ID != "" {
		jwk["kid"] = k.ID
	}
	if k.Alg != "" {
		jwk["alg"] = k.Alg
	}
	if k.Use != "" {
		jwk["use"] = k.Use
	}
	if private, ok := k.Private.(*rsa.PrivateKey); ok {
		der := certificate(private)
		sum1, sum256 := sha1.Sum(der), sha256.Sum256(der) //nolint:gosec // see the import
		jwk["x5c"] = []any{base64.StdEncoding.EncodeToString(der)}
		jwk["x5t"] = b64(sum1[:])
		jwk["x5t#S256"] = b64(sum256[:])
	}
	return jwk
}

// PrivateJWK is JWK with the private member "d": what an issuer must never
// publish and a verifier must refuse.
func (k *Key) PrivateJWK() map[string]any {
	jwk := k.JWK()
	switch private := k.Private.(type) {
	case *rsa.PrivateKey:
		jwk["d"] = b64(private.D.Bytes())
		jwk["p"] = b64(private.Primes[0].Bytes())
		jwk["q"] = b64(private.Primes[1].Bytes())
	case *ecdsa.PrivateKey:
		raw, err := private.Bytes()
		if err != nil {
			panic(fmt.Sprintf("issuer: key %q: %v", k.ID, err))
		}
		jwk["d"] = b64(raw)
	case ed25519.PrivateKey:
		jwk["d"] = b64(private.Seed())
	}
	return jwk
}

// JWKS is the document of the certs endpoint for these keys, in their order.
func JWKS(keys ...*Key) []byte {
	members := make([]any, 0, len(keys))
	for _, k := range keys {
		members = append(members, k.JWK())
	}
	return mustJSON(map[string]any{"keys": members})
}

// Thumbprint is the key's RFC 7638 thumbprint with SHA-256.
func Thumbprint(public crypto.PublicKey) string {
	// The required members in lexicographic order are what encoding/json
	// makes of a map (section 3.3).
	sum := sha256.Sum256(mustJSON(publicJWK(public)))
	return b64(sum[:])
}

// publicJWK holds the required members only, so that it serves the thumbprint.
func publicJWK(public crypto.PublicKey) map[string]any {
	switch p := public.(type) {
	case *rsa.PublicKey:
		return map[string]any{
			"kty": "RSA",
			"n":   b64(p.N.Bytes()),
			"e":   b64(big.NewInt(int64(p.E)).Bytes()),
		}
	case *ecdsa.PublicKey:
		raw, err := p.Bytes() // 4, x, y
		if err != nil {
			panic(fmt.Sprintf("issuer: %v", err))
		}
		half := (len(raw) - 1) / 2
		return map[string]any{
			"kty": "EC",
			"crv": p.Curve.Params().Name,
			"x":   b64(raw[1 : 1+half]),
			"y":   b64(raw[1+half:]),
		}
	case ed25519.PublicKey:
		return map[string]any{"kty": "OKP", "crv": "Ed25519", "x": b64(p)}
	}
	panic(fmt.Sprintf("issuer: no JWK for a key of type %T", public))
}

// generate makes a new key for the algorithm: what a rotation takes when the
// fixed keys are used up.
func generate(alg string) (crypto.Signer, error) {
	switch alg {
	case "ES256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ES512":
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "EdDSA":
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	}
	return rsa.GenerateKey(rand.Reader, 2048)
}

var loaded struct {
	sync.Mutex
	keys         map[string]crypto.Signer
	certificates map[string][]byte
}

func loadPEM(name string) (crypto.Signer, error) {
	loaded.Lock()
	defer loaded.Unlock()
	if private, ok := loaded.keys[name]; ok {
		return private, nil
	}
	data, err := keyFiles.ReadFile("testdata/" + name + ".pem")
	if err != nil {
		return nil, fmt.Errorf("key %q: %w", name, err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("key %q: no PEM block", name)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("key %q: %w", name, err)
	}
	private, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("key %q: got a %T, want a signing key", name, parsed)
	}
	if loaded.keys == nil {
		loaded.keys = map[string]crypto.Signer{}
	}
	loaded.keys[name] = private
	return private, nil
}

// certificate is the self-signed certificate that Keycloak shows beside each
// RSA key, in DER. It is made once for each key: signing costs a millisecond.
func certificate(private *rsa.PrivateKey) []byte {
	id := string(private.N.Bytes())
	loaded.Lock()
	defer loaded.Unlock()
	if der, ok := loaded.certificates[id]; ok {
		return der
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "labs64io"},
		NotBefore:    time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2035, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		panic(fmt.Sprintf("issuer: certificate: %v", err))
	}
	if loaded.certificates == nil {
		loaded.certificates = map[string][]byte{}
	}
	loaded.certificates[id] = der
	return der
}

func b64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("issuer: %v", err))
	}
	return data
}
