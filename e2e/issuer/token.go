package issuer

import (
	"crypto/rand"
	"fmt"
	"maps"
)

// Token is a token in the making. A test takes a good one from a Realm,
// states its deviation, and prints it with String:
//
//	realm.Access("bob").Without("exp").String()
//
// Every method that changes something returns a changed copy, so one good
// token serves a whole table. Mistakes of the test (claims that are no JSON,
// an algorithm that the key cannot do) panic.
type Token struct {
	// Header and Claims are the two JSON objects. Members come out in the
	// order of their names.
	Header map[string]any
	Claims map[string]any
	// RawHeader and RawClaims, when not nil, take their place byte for byte.
	RawHeader, RawClaims []byte
	// Alg is the algorithm that really makes the signature; empty: the
	// header's "alg".
	Alg string
	// Key signs.
	Key *Key
	// Sign, when not nil, makes the signature instead.
	Sign func(input []byte) []byte
}

// With sets a claim.
func (t Token) With(claim string, value any) Token {
	t.Claims = cloned(t.Claims)
	t.Claims[claim] = value
	return t
}

// Without removes claims.
func (t Token) Without(claims ...string) Token {
	t.Claims = cloned(t.Claims)
	for _, c := range claims {
		delete(t.Claims, c)
	}
	return t
}

// Head sets a member of the header. The signature is still made as before:
// Head("alg", "none") lies about it, By does not.
func (t Token) Head(name string, value any) Token {
	if t.Alg == "" {
		t.Alg, _ = t.Header["alg"].(string)
	}
	t.Header = cloned(t.Header)
	t.Header[name] = value
	return t
}

// NoHead removes members of the header; the signature is made as before.
func (t Token) NoHead(names ...string) Token {
	if t.Alg == "" {
		t.Alg, _ = t.Header["alg"].(string)
	}
	t.Header = cloned(t.Header)
	for _, n := range names {
		delete(t.Header, n)
	}
	return t
}

// By signs with another key and says so in the header: "alg" and "kid" are
// the key's.
func (t Token) By(key *Key) Token {
	t.Header = cloned(t.Header)
	t.Header["alg"] = key.algorithm()
	delete(t.Header, "kid")
	if key.ID != "" {
		t.Header["kid"] = key.ID
	}
	t.Alg, t.Key, t.Sign = "", key, nil
	return t
}

// Forged signs with another key but leaves the header as it is: the token
// claims to be signed by the first key.
func (t Token) Forged(key *Key) Token {
	if t.Alg == "" {
		t.Alg, _ = t.Header["alg"].(string)
	}
	if key.Secret != nil {
		t.Alg = key.algorithm()
	}
	t.Key, t.Sign = key, nil
	return t
}

// Unsigned is the token with "alg": "none" and an empty signature (RFC 7519,
// section 6.1).
func (t Token) Unsigned() Token {
	return t.Head("alg", "none").SignedBy(func([]byte) []byte { return nil })
}

// SignedBy takes the signature from a function of the signing input.
func (t Token) SignedBy(sign func(input []byte) []byte) Token {
	t.Sign = sign
	return t
}

// Payload replaces the claims byte for byte.
func (t Token) Payload(raw []byte) Token {
	t.RawClaims = raw
	return t
}

// HeaderBytes replaces the header byte for byte; the signature is made as
// before.
func (t Token) HeaderBytes(raw []byte) Token {
	if t.Alg == "" {
		t.Alg, _ = t.Header["alg"].(string)
	}
	t.RawHeader = raw
	return t
}

// Parts are the header and the payload as they will be encoded.
func (t Token) Parts() (header, payload []byte) {
	header, payload = t.RawHeader, t.RawClaims
	if header == nil {
		header = mustJSON(t.Header)
	}
	if payload == nil {
		payload = mustJSON(t.Claims)
	}
	return header, payload
}

// String is the compact form. Algorithms that need randomness give another
// string at each call.
func (t Token) String() string {
	header, payload := t.Parts()
	input := []byte(b64(header) + "." + b64(payload))
	if t.Sign != nil {
		return string(input) + "." + b64(t.Sign(input))
	}
	alg := t.Alg
	if alg == "" {
		alg, _ = t.Header["alg"].(string)
	}
	sig, err := Signature(alg, t.Key, input)
	if err != nil {
		panic(fmt.Sprintf("issuer: sign token: %v", err))
	}
	return string(input) + "." + b64(sig)
}

// Bearer is the value of an Authorization header with this token.
func (t Token) Bearer() string { return "Bearer " + t.String() }

// algorithm is the key's own, or the usual one of its type.
func (k *Key) algorithm() string {
	if k.Alg != "" {
		return k.Alg
	}
	if k.Private == nil {
		return "HS256"
	}
	switch jwk := publicJWK(k.Private.Public()); jwk["crv"] {
	case "P-256":
		return "ES256"
	case "P-384":
		return "ES384"
	case "P-521":
		return "ES512"
	case "Ed25519":
		return "EdDSA"
	}
	return "RS256"
}

func cloned(m map[string]any) map[string]any {
	c := maps.Clone(m)
	if c == nil {
		c = map[string]any{}
	}
	return c
}

// uuid is a random UUID, as Keycloak's jti and sid.
func uuid() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails since Go 1.24
	return uuidOf(b)
}

// uuidOf writes 16 bytes as a UUID of version 4 (RFC 9562, section 5.4).
func uuidOf(b []byte) string {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}
