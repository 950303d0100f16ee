package issuer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // SHA-256, by crypto.Hash
	_ "crypto/sha512" // SHA-384 and SHA-512, by crypto.Hash
	"errors"
	"fmt"
	"strings"
)

// Algorithms are the asymmetric algorithms that Keycloak can sign with (RFC
// 7518, section 3.1, and RFC 8037).
var Algorithms = []string{
	"RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
	"ES256", "ES384", "ES512", "EdDSA",
}

// Signature computes the JWS signature of alg over input with the key; "none"
// gives an empty one. The key's own Alg does not matter, so that a test can
// sign with what the key was not meant for; only a key of a type that cannot
// do it is an error.
func Signature(alg string, key *Key, input []byte) ([]byte, error) {
	if alg == "none" {
		return nil, nil
	}
	hash, err := hashOf(alg)
	if err != nil {
		return nil, err
	}
	if key == nil {
		return nil, errors.New("no key to sign with")
	}
	if alg[:2] == "HS" {
		if key.Secret == nil {
			return nil, fmt.Errorf("%s: the key has no secret", alg)
		}
		mac := hmac.New(hash.New, key.Secret)
		mac.Write(input)
		return mac.Sum(nil), nil
	}
	switch private := key.Private.(type) {
	case *rsa.PrivateKey:
		switch alg[:2] {
		case "RS":
			return rsa.SignPKCS1v15(nil, private, hash, digest(hash, input))
		case "PS":
			return PSS(key, alg, input, hash.Size())
		}
	case *ecdsa.PrivateKey:
		if alg[:2] == "ES" {
			// Each of r and s is as long as the curve's order (RFC 7518,
			// section 3.4), whatever the hash.
			r, s, err := ecdsa.Sign(rand.Reader, private, digest(hash, input))
			if err != nil {
				return nil, err
			}
			size := (private.Params().BitSize + 7) / 8
			sig := make([]byte, 2*size)
			r.FillBytes(sig[:size])
			s.FillBytes(sig[size:])
			return sig, nil
		}
	case ed25519.PrivateKey:
		if alg == "EdDSA" {
			return ed25519.Sign(private, input), nil
		}
	}
	return nil, fmt.Errorf("%s: cannot sign with a %T", alg, key.Private)
}

// PSS is the signature of PS256, PS384 or PS512 with a salt of any length in
// bytes; RFC 7518, section 3.5 wants it as long as the hash.
func PSS(key *Key, alg string, input []byte, salt int) ([]byte, error) {
	hash, err := hashOf(alg)
	if err != nil {
		return nil, err
	}
	private, ok := key.Private.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s: cannot sign with a %T", alg, key.Private)
	}
	options := &rsa.PSSOptions{SaltLength: salt, Hash: hash}
	return rsa.SignPSS(rand.Reader, private, hash, digest(hash, input), options)
}

// Compact joins a JWS of raw parts: header and payload are taken byte for
// byte, whether JSON or not.
func Compact(header, payload, signature []byte) string {
	return b64(header) + "." + b64(payload) + "." + b64(signature)
}

func hashOf(alg string) (crypto.Hash, error) {
	switch {
	case alg == "EdDSA":
		return 0, nil
	case strings.HasSuffix(alg, "256") && len(alg) == 5:
		return crypto.SHA256, nil
	case strings.HasSuffix(alg, "384") && len(alg) == 5:
		return crypto.SHA384, nil
	case strings.HasSuffix(alg, "512") && len(alg) == 5:
		return crypto.SHA512, nil
	}
	return 0, fmt.Errorf("cannot sign with algorithm %q", alg)
}

func digest(hash crypto.Hash, input []byte) []byte {
	h := hash.New()
	h.Write(input)
	return h.Sum(nil)
}
