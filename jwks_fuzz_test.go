package authproxy

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"testing"
)

// FuzzParseKeySet looks for key sets that give unsound keys, or that lose a
// member without a word. Against go-jose's reading they are held in e2e/oracle,
// which is slower.
func FuzzParseKeySet(f *testing.F) {
	f.Fuzz(func(t *testing.T, text []byte) {
		set, skipped, err := parseKeySet(text)
		if err != nil {
			if set != nil {
				t.Fatal("a set beside an error")
			}
			return
		}
		var document map[string]json.RawMessage
		var members []json.RawMessage
		if json.Unmarshal(text, &document) != nil || json.Unmarshal(document["keys"], &members) != nil {
			t.Fatal("keys from what is no key set")
		}
		if len(set.keys)+len(skipped) != len(members) || len(set.keys) == 0 {
			t.Errorf("%d keys and %d skipped of %d members", len(set.keys), len(skipped), len(members))
		}
		for _, k := range set.keys {
			if fault := unsoundKey(k); fault != "" {
				t.Errorf("kid %q: %s", k.kid, fault)
			}
			if !writtenIn(members, k) {
				t.Errorf("kid %q: no member holds this key", k.kid)
			}
			if !set.fingerprints[k.fingerprint] {
				t.Errorf("kid %q: its fingerprint is not in the set", k.kid)
			}
		}
	})
}

// unsoundKey says why a key must not verify anything, "" if it may.
func unsoundKey(k *key) string {
	if len(k.kid) > maxKeyID || len(k.algs) == 0 {
		return "an overlong kid, or no algorithm"
	}
	for _, alg := range k.algs {
		fits := false
		switch k.public.(type) {
		case *rsa.PublicKey:
			fits = alg[:2] == "RS" || alg[:2] == "PS"
		case *ecdsa.PublicKey:
			fits = alg[:2] == "ES"
		case ed25519.PublicKey:
			fits = alg == "EdDSA"
		}
		if !fits {
			return "not a key for " + alg
		}
	}
	switch public := k.public.(type) {
	case *rsa.PublicKey:
		if public.N.BitLen() < 2048 || public.N.Bit(0) == 0 || public.E < 3 || public.E%2 == 0 {
			return "a weak RSA key"
		}
	case *ecdsa.PublicKey:
		if _, err := public.ECDH(); err != nil {
			return "a point off the curve"
		}
	case ed25519.PublicKey:
		if len(public) != ed25519.PublicKeySize {
			return "an Ed25519 key of a wrong size"
		}
	}
	return ""
}

// writtenIn reports whether one of the members says exactly this key, kid and
// material, and nothing private.
func writtenIn(members []json.RawMessage, k *key) bool {
	for _, member := range members {
		var fields map[string]interface{}
		if json.Unmarshal(member, &fields) != nil || fields["d"] != nil || fields["k"] != nil {
			continue
		}
		kid, _ := fields["kid"].(string)
		if kid != k.kid {
			continue
		}
		switch public := k.public.(type) {
		case *rsa.PublicKey:
			if decodesTo(fields["n"], public.N.Bytes()) && decodesTo(fields["e"], big.NewInt(int64(public.E)).Bytes()) {
				return true
			}
		case *ecdsa.PublicKey:
			if decodesTo(fields["x"], public.X.Bytes()) && decodesTo(fields["y"], public.Y.Bytes()) {
				return true
			}
		case ed25519.PublicKey:
			if decodesTo(fields["x"], bytes.TrimLeft(public, "\x00")) {
				return true
			}
		}
	}
	return false
}

// decodesTo reports whether a base64url text stands for bytes, leading zeros
// aside.
func decodesTo(field interface{}, want []byte) bool {
	text, ok := field.(string)
	raw, err := base64.RawURLEncoding.DecodeString(text)
	return ok && err == nil && bytes.Equal(bytes.TrimLeft(raw, "\x00"), want)
}
