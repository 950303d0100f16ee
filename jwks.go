package authproxy

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

const (
	maxJWKSBytes = 1 << 20
	maxKeyID     = 512
	minRSABits   = 2048
	maxRSABits   = 16384
)

// key is a public key that may verify signatures (RFC 7517 section 4).
type key struct {
	kid    string
	algs   []string    // what its type and its own alg allow, never empty
	public interface{} // *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey
	// material is the key itself as text.
	material string
	// fingerprint tells whether a later set still holds this very key for the same
	// use; tokens verified with a key that has gone are forgotten.
	fingerprint string
}

// allows reports whether the key may be used with an algorithm.
func (k *key) allows(alg string) bool {
	for _, a := range k.algs {
		if a == alg {
			return true
		}
	}
	return false
}

// keySet is one good answer of an issuer. It is immutable.
type keySet struct {
	keys         []*key
	byID         map[string][]*key // by kid
	byKeyID      map[string][]*key // by kid and alg
	fingerprints map[string]bool
}

// find returns the keys that a token header means: those of its kid, which may be
// several or one registered for several algorithms, or the only key of the set
// where the header names none.
func (s *keySet) find(h *joseHeader) []*key {
	if h.hasKeyID {
		return s.byKeyID[keyID(h.kid, h.alg)]
	}
	if !s.oneKey() {
		return nil
	}
	return fitting(s.keys, h.alg)
}

// keyID joins a kid, which may be anything, and an alg.
func keyID(kid, alg string) string {
	return alg + " " + kid
}

// serves reports whether the set has a key for the header's kid and alg; if not,
// fetching anew may help.
func (s *keySet) serves(h *joseHeader) bool {
	return !h.hasKeyID || len(s.byKeyID[h.keyID]) > 0
}

func fitting(list []*key, alg string) []*key {
	var keys []*key
	for _, k := range list {
		if k.allows(alg) {
			keys = append(keys, k)
		}
	}
	return keys
}

// oneKey reports whether the set has a single public key, under however many
// algorithms it is listed: only then may a token leave its kid out.
func (s *keySet) oneKey() bool {
	for _, k := range s.keys {
		if k.material != s.keys[0].material {
			return false
		}
	}
	return len(s.keys) > 0
}

// skippedKey is a member of a key set that is not used, and why.
type skippedKey struct {
	kid    string
	reason string
	secret bool // it holds private or symmetric material, which must not be there
	usual  bool // not for signatures: nothing to tell
}

// parseKeySet reads a JWK set (RFC 7517 section 5). A member that cannot be used is
// skipped and reported; it is an error when none can be used.
func parseKeySet(text []byte) (*keySet, []skippedKey, error) {
	if len(text) > maxJWKSBytes {
		return nil, nil, fmt.Errorf("parse jwks: larger than %d bytes", maxJWKSBytes)
	}
	var document map[string]json.RawMessage
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, nil, fmt.Errorf("parse jwks: not a JSON object: %v", err)
	}
	var members []json.RawMessage
	if err := json.Unmarshal(document["keys"], &members); err != nil {
		return nil, nil, errors.New("parse jwks: want a list \"keys\"")
	}
	set := &keySet{byID: map[string][]*key{}, byKeyID: map[string][]*key{}, fingerprints: map[string]bool{}}
	var skipped []skippedKey
	for _, member := range members {
		k, skip := parseKey(member)
		if k == nil {
			skipped = append(skipped, skip)
			continue
		}
		set.keys = append(set.keys, k)
		set.byID[k.kid] = append(set.byID[k.kid], k)
		for _, alg := range k.algs {
			id := keyID(k.kid, alg)
			set.byKeyID[id] = append(set.byKeyID[id], k)
		}
		set.fingerprints[k.fingerprint] = true
	}
	if len(set.keys) == 0 {
		return nil, skipped, fmt.Errorf("parse jwks: no usable signature key among %d", len(members))
	}
	return set, skipped, nil
}

// parseKey reads one JWK. Where it returns nil, the second result says why.
func parseKey(member []byte) (*key, skippedKey) {
	var skip skippedKey
	fields, err := decodeObject(member, maxClaimsNesting)
	if err != nil {
		skip.reason = err.Error()
		return nil, skip
	}
	kid := textOf(fields["kid"])
	skip.kid = kid
	if _, ok := fields["kid"].(string); !ok && fields["kid"] != nil {
		skip.reason = "kid is not a string"
		return nil, skip
	}
	if len(kid) > maxKeyID {
		skip.kid = kid[:64]
		skip.reason = "kid is too long"
		return nil, skip
	}
	kty := textOf(fields["kty"])
	if kty == "oct" || fields["k"] != nil {
		skip.secret = true
		skip.reason = "a symmetric key in a public key set"
		return nil, skip
	}
	for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth"} {
		if fields[private] != nil {
			skip.secret = true
			skip.reason = "private key material in a public key set"
			return nil, skip
		}
	}
	if use, ok := fields["use"]; ok && use != "sig" {
		skip.usual = use == "enc"
		skip.reason = "use is not \"sig\""
		return nil, skip
	}
	if ops, ok := fields["key_ops"]; ok && !lists(ops, "verify") {
		skip.reason = "key_ops has no \"verify\""
		return nil, skip
	}

	k := &key{kid: kid}
	switch kty {
	case "RSA":
		err = k.parseRSA(fields)
	case "EC":
		err = k.parseEC(fields)
	case "OKP":
		err = k.parseOKP(fields)
	default:
		err = fmt.Errorf("unknown key type %q", kty)
	}
	if err != nil {
		skip.reason = err.Error()
		return nil, skip
	}
	if alg, ok := fields["alg"]; ok {
		name := textOf(alg)
		if !k.allows(name) {
			skip.reason = fmt.Sprintf("alg %q is not for a %s key of this kind", name, kty)
			return nil, skip
		}
		k.algs = []string{name}
	}
	k.fingerprint = fmt.Sprintf("%s %q %s", strings.Join(k.algs, ","), kid, k.material)
	return k, skip
}

// lists reports whether v is a list that holds a word.
func lists(v interface{}, word string) bool {
	list, ok := v.([]interface{})
	if !ok {
		return false
	}
	for _, item := range list {
		if item == word {
			return true
		}
	}
	return false
}

// parseRSA reads an RSA public key (RFC 7518 section 6.3.1).
func (k *key) parseRSA(fields map[string]interface{}) error {
	n, err := keyBytes(fields, "n")
	if err != nil {
		return err
	}
	e, err := keyBytes(fields, "e")
	if err != nil {
		return err
	}
	modulus := new(big.Int).SetBytes(n)
	exponent := new(big.Int).SetBytes(e)
	bits := modulus.BitLen()
	if bits < minRSABits || bits > maxRSABits {
		return fmt.Errorf("RSA modulus of %d bits, want %d to %d", bits, minRSABits, maxRSABits)
	}
	if modulus.Bit(0) == 0 {
		return errors.New("RSA modulus is even")
	}
	if exponent.BitLen() > 31 || exponent.Cmp(big.NewInt(3)) < 0 || exponent.Bit(0) == 0 {
		return errors.New("RSA exponent must be odd, at least 3 and below 2^31")
	}
	k.public = &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}
	k.algs = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	k.material = "RSA " + modulus.Text(62) + " " + exponent.Text(62)
	return nil
}

// parseEC reads an elliptic curve public key (RFC 7518 section 6.2.1). The point
// must be on the curve.
func (k *key) parseEC(fields map[string]interface{}) error {
	crv := textOf(fields["crv"])
	var curve elliptic.Curve
	var check ecdh.Curve
	var alg string
	switch crv {
	case "P-256":
		curve = elliptic.P256()
		check = ecdh.P256()
		alg = "ES256"
	case "P-384":
		curve = elliptic.P384()
		check = ecdh.P384()
		alg = "ES384"
	case "P-521":
		curve = elliptic.P521()
		check = ecdh.P521()
		alg = "ES512"
	default:
		return fmt.Errorf("unknown curve %q", crv)
	}
	x, err := keyBytes(fields, "x")
	if err != nil {
		return err
	}
	y, err := keyBytes(fields, "y")
	if err != nil {
		return err
	}
	size := (curve.Params().BitSize + 7) / 8
	if len(x) != size || len(y) != size {
		return fmt.Errorf("coordinates of %s must have %d bytes", crv, size)
	}
	point := append(append([]byte{4}, x...), y...)
	if _, err := check.NewPublicKey(point); err != nil {
		return fmt.Errorf("the point is not on %s", crv)
	}
	k.public = &ecdsa.PublicKey{Curve: curve, X: new(big.Int).SetBytes(x), Y: new(big.Int).SetBytes(y)}
	k.algs = []string{alg}
	k.material = fmt.Sprintf("EC %s %x", crv, point)
	return nil
}

// parseOKP reads an Ed25519 public key (RFC 8037 section 2).
func (k *key) parseOKP(fields map[string]interface{}) error {
	if textOf(fields["crv"]) != "Ed25519" {
		return fmt.Errorf("unknown curve %q", textOf(fields["crv"]))
	}
	x, err := keyBytes(fields, "x")
	if err != nil {
		return err
	}
	if len(x) != ed25519.PublicKeySize {
		return fmt.Errorf("an Ed25519 key must have %d bytes", ed25519.PublicKeySize)
	}
	if weakEd25519(x) {
		return errors.New("an Ed25519 key of small order, or not in canonical form")
	}
	k.public = ed25519.PublicKey(x)
	k.algs = []string{"EdDSA"}
	k.material = fmt.Sprintf("Ed25519 %x", x)
	return nil
}

// weakEd25519 reports whether an encoded point has one of the small orders, under
// which one signature fits every message, or an y of the field's prime or above
// (RFC 8032 section 5.1.3, step 1).
func weakEd25519(x []byte) bool {
	y := append([]byte{}, x...)
	y[31] &= 0x7f
	for i := 0; i < 16; i++ {
		low := y[i]
		y[i] = y[31-i]
		y[31-i] = low
	}
	number := new(big.Int).SetBytes(y) // now in big-endian order
	prime := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	if number.Cmp(prime) >= 0 {
		return true
	}
	for _, small := range smallOrderY {
		if bytes.Equal(y, small) {
			return true
		}
	}
	return false
}

// smallOrderY are the y coordinates, in big-endian order, of the eight points whose
// order divides the cofactor: 0, 1, -1 and the two of order 8.
var smallOrderY = smallOrders()

func smallOrders() [][]byte {
	var list [][]byte
	for _, hex := range []string{
		"0",
		"1",
		"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffec",
		"7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd83d3d706a17c7",
		"05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826",
	} {
		number, _ := new(big.Int).SetString(hex, 16)
		list = append(list, number.FillBytes(make([]byte, 32)))
	}
	return list
}

// strictBase64 is unpadded base64url whose unused last bits are zero (RFC 7515
// section 2). It still skips line ends, so those are refused beforehand.
var strictBase64 = base64.RawURLEncoding.Strict()

// keyBytes decodes a key's base64url field.
func keyBytes(fields map[string]interface{}, name string) ([]byte, error) {
	text, ok := fields[name].(string)
	if !ok || text == "" || strings.ContainsAny(text, "\r\n") {
		return nil, fmt.Errorf("%s: want base64url", name)
	}
	raw, err := strictBase64.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%s: want unpadded base64url", name)
	}
	return raw, nil
}
