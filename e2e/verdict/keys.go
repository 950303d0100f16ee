package verdict

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// realms are the realms of the table's issuer. demo has a key for every
// algorithm, single has one key besides the one for encryption, odd is full
// of keys that must not be used; the others answer badly or are strangers.
var realms = []string{"demo", "single", "odd", "other", "html", "huge", "empty", "no-keys", "hangs", "Läden 2"}

// spoil makes the realms what their names say.
func spoil(i *issuer.Issuer) {
	i.Realm("html").Answer(issuer.Certs, issuer.HTML())
	i.Realm("huge").Answer(issuer.Certs, issuer.Huge(5<<20))
	i.Realm("empty").Answer(issuer.Certs, issuer.Empty())
	i.Realm("no-keys").PublishRaw([]byte(`{"keys":[]}`))
	i.Realm("hangs").Answer(issuer.Certs, issuer.Hang())
	i.Realm("odd").PublishRaw(oddSet())
}

// Keys of the realm odd. Their private halves sign tokens that are right in
// everything but the key.
var (
	oddGood    = issuer.Load("rsa-3", "RS256").WithID("good")
	oddNoAlg   = issuer.Load("rsa-4", "RS256").WithID("no-alg")
	oddEnc     = issuer.Load("rsa-5", "RS256").WithID("enc")
	oddOps     = issuer.Load("rsa-6", "RS256").WithID("ops")
	oddWeak    = issuer.Load("rsa-weak", "RS256").WithID("weak")
	oddTwin    = issuer.Load("rsa-7", "RS256").WithID("twin")
	oddKty     = issuer.Load("rsa-8", "RS256").WithID("kty")
	oddE1      = issuer.Load("rsa-9", "RS256").WithID("e1")
	oddEven    = issuer.Load("rsa-9", "RS256").WithID("even")
	oddOct     = issuer.HMAC("HS256", []byte("a secret that the key set gives away")).WithID("oct")
	oddCurve   = issuer.Load("ec-256-1", "ES256").WithID("curve")
	oddOff     = issuer.Load("ec-256-2", "ES256").WithID("off")
	oddEC      = issuer.Load("ec-384-1", "ES384").WithID("ec")
	oddEd      = issuer.Load("ed25519-1", "EdDSA").WithID("ed")
	oddZero    = issuer.Load("ed25519-2", "EdDSA").WithID("zero")
	oddPrivate = issuer.Load("rsa-10", "RS256").WithID("private")
	oddHidden  = issuer.Load("rsa-10", "RS256").WithID("hidden")
)

// oddSet is the key set of the realm odd: good keys between bad ones, and
// members that are no keys at all.
func oddSet() []byte {
	edited := func(k *issuer.Key, edits map[string]any) map[string]any {
		jwk := k.JWK()
		for name, value := range edits {
			if value == nil {
				delete(jwk, name)
			} else {
				jwk[name] = value
			}
		}
		return jwk
	}
	b64 := func(n int64) string { return base64.RawURLEncoding.EncodeToString(big.NewInt(n).Bytes()) }
	keys := []any{
		"not a key", nil, 1, []any{}, map[string]any{},
		map[string]any{"kty": "RSA", "kid": "no-modulus", "e": "AQAB"},
		map[string]any{"kty": "OKP", "crv": "Ed448", "kid": "ed448", "alg": "EdDSA", "use": "sig", "x": base64.RawURLEncoding.EncodeToString(make([]byte, 57))},
		edited(oddEnc, map[string]any{"use": "enc", "alg": nil}),
		edited(oddOps, map[string]any{"use": nil, "key_ops": []any{"encrypt"}}),
		edited(oddWeak, nil),
		edited(oddE1, map[string]any{"e": b64(1)}),
		edited(oddEven, map[string]any{"e": b64(65536)}),
		edited(oddKty, map[string]any{"kty": "rsa"}),
		edited(oddOct, map[string]any{"use": "sig"}),
		edited(oddCurve, map[string]any{"crv": "P-384"}),
		edited(oddOff, map[string]any{"y": oddCurve.JWK()["y"]}),
		edited(oddZero, map[string]any{"x": base64.RawURLEncoding.EncodeToString(make([]byte, 32))}),
		edited(oddNoAlg, map[string]any{"alg": nil, "use": nil}),
		edited(oddTwin, nil),
		edited(oddTwin.WithAlg("PS256"), nil),
		edited(oddTwin.WithAlg("RS512"), nil),
		edited(oddEC, nil),
		edited(oddEd, nil),
		oddPrivate.PrivateJWK(),
		edited(oddHidden, map[string]any{"alg": "RSA-OAEP"}),
		edited(oddGood, nil),
	}
	set, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		panic(err) // made of constants
	}
	return set
}

// oneSignature is what a public exponent of 1 takes for a signature: the
// encoded digest itself (RFC 8017, section 9.2), which anybody can write.
func oneSignature(input []byte) []byte {
	return encodedDigest(input, oddE1.Private.Public().(*rsa.PublicKey).Size())
}
