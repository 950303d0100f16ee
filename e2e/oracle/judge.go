package oracle

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	josejson "github.com/go-jose/go-jose/v4/json"
	"github.com/go-jose/go-jose/v4/jwt"
)

// leeway is the plugin's default.
const leeway = 10 * time.Second

// judge is go-jose's verdict on a token: nil where it accepts it.
func judge(token string) error {
	jws, err := jose.ParseSignedCompact(token, algorithms)
	if err != nil {
		return fmt.Errorf("parse: %w", err)
	}
	header := jws.Signatures[0].Protected
	payload, err := verified(jws, header)
	if err != nil {
		return err
	}
	return acceptClaims(payload)
}

// verified returns the payload that one of the keys meant has signed.
func verified(jws *jose.JSONWebSignature, header jose.Header) ([]byte, error) {
	for _, public := range keysFor(header.KeyID, header.Algorithm) {
		if payload, err := jws.Verify(public); err == nil {
			return payload, nil
		}
	}
	return nil, fmt.Errorf("no key of kid %q verifies %s", header.KeyID, header.Algorithm)
}

// acceptClaims checks the registered claims as go-jose does (RFC 7519, section
// 4.1). Claims that the plugin does not look at are left out: go-jose would
// refuse a jti that is no string.
func acceptClaims(payload []byte) error {
	var c struct {
		Issuer    string           `json:"iss"`
		Audience  jwt.Audience     `json:"aud"`
		Expiry    *jwt.NumericDate `json:"exp"`
		NotBefore *jwt.NumericDate `json:"nbf"`
		IssuedAt  *jwt.NumericDate `json:"iat"`
	}
	if err := josejson.Unmarshal(payload, &c); err != nil {
		return fmt.Errorf("claims: %w", err)
	}
	claims := jwt.Claims{Issuer: c.Issuer, Audience: c.Audience, Expiry: c.Expiry, NotBefore: c.NotBefore, IssuedAt: c.IssuedAt}
	return claims.ValidateWithLeeway(jwt.Expected{
		Issuer: issuerName, AnyAudience: jwt.Audience{"shop"}, Time: time.Now(),
	}, leeway)
}

// judgeUnread is judge for headers that go-jose does not even parse, for the
// sake of a member that the plugin never reads: the signature by Go's own
// crypto, the claims by go-jose.
func judgeUnread(token string) error {
	v := look(token)
	if v.header == nil || v.payload == nil {
		return errors.New("no JSON objects")
	}
	kid, _ := v.header["kid"].(string)
	alg, _ := v.header["alg"].(string)
	signed := token[:strings.LastIndexByte(token, '.')]
	for _, public := range keysFor(kid, alg) {
		if signedBy(public, alg, []byte(signed), v.signature) {
			return acceptClaims(v.payloadText)
		}
	}
	return errors.New("no key verifies")
}

// signedBy checks a signature with the standard library (RFC 7518, section 3).
func signedBy(public crypto.PublicKey, alg string, input, signature []byte) bool {
	if key, ok := public.(ed25519.PublicKey); ok {
		return alg == "EdDSA" && ed25519.Verify(key, input, signature)
	}
	hash, ok := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[strings.TrimLeft(alg, "RPES")]
	if !ok {
		return false
	}
	h := hash.New()
	h.Write(input)
	digest := h.Sum(nil)
	switch key := public.(type) {
	case *rsa.PublicKey:
		if strings.HasPrefix(alg, "PS") {
			return rsa.VerifyPSS(key, hash, digest, signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		}
		return rsa.VerifyPKCS1v15(key, hash, digest, signature) == nil
	case *ecdsa.PublicKey:
		half := (key.Params().BitSize + 7) / 8
		if len(signature) != 2*half {
			return false
		}
		r, s := new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])
		return ecdsa.Verify(key, digest, r, s)
	}
	return false
}

// view is a token taken apart as far as it goes, without any check. What does
// not decode is nil.
type view struct {
	token                   string
	parts                   []string
	headerText, payloadText []byte
	header, payload         map[string]any // numbers are json.Number
	signature               []byte
}

func look(token string) view {
	v := view{token: token, parts: strings.Split(token, ".")}
	if len(v.parts) != 3 {
		return v
	}
	v.headerText, v.header = object(v.parts[0])
	v.payloadText, v.payload = object(v.parts[1])
	v.signature, _ = base64.RawURLEncoding.DecodeString(v.parts[2])
	return v
}

func object(part string) ([]byte, map[string]any) {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return nil, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var m map[string]any
	if decoder.Decode(&m) != nil {
		return text, nil
	}
	return text, m
}
