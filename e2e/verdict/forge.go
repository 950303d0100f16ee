package verdict

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// alphabet is base64url's (RFC 4648, section 5).
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// resigned changes the encoded header and payload and signs what comes out,
// so that nothing is wrong but their form.
func resigned(edit func(header, payload string) (string, string)) deviation {
	return func(r *request) {
		parts(func(h, p, _ string) string {
			h, p = edit(h, p)
			return h + "." + p + "." + encode(sign(r.token, []byte(h+"."+p)))
		})(r)
	}
}

// sign is the signature that the token says it has.
func sign(t issuer.Token, input []byte) []byte {
	alg := t.Alg
	if alg == "" {
		alg, _ = t.Header["alg"].(string)
	}
	sig, err := issuer.Signature(alg, t.Key, input)
	if err != nil {
		panic(fmt.Sprintf("sign: %v", err))
	}
	return sig
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// loose sets a bit at the end of a base64 text that no byte is made of, so
// that it decodes to the same as before wherever that bit is not looked at
// (RFC 4648, section 3.5).
func loose(part string) string {
	if len(part)%4 == 0 {
		panic("base64 without spare bits: pad the part")
	}
	last := strings.IndexByte(alphabet, part[len(part)-1])
	return part[:len(part)-1] + alphabet[last+1:last+2]
}

// spare pads header and payload until both have spare bits at their ends.
func spare(r *request) {
	for h := 0; len(part(r, 0))%4 == 0; h++ {
		head("x", strings.Repeat("x", h))(r)
	}
	for p := 0; len(part(r, 1))%4 == 0; p++ {
		claim("x", strings.Repeat("x", p))(r)
	}
}

// part is the encoded header (0), payload (1) or signature (2) of the token.
func part(r *request, i int) string { return strings.Split(r.token.String(), ".")[i] }

// es takes an ECDSA signature apart, lets change look at r and s, and puts
// the fixed-length form together again (RFC 7518, section 3.4).
func es(change func(r, s, order *big.Int) (*big.Int, *big.Int)) deviation {
	return signature(func(t issuer.Token, input []byte) []byte {
		sig := sign(t, input)
		order := t.Key.Private.(*ecdsa.PrivateKey).Params().N
		half := len(sig) / 2
		r, s := change(new(big.Int).SetBytes(sig[:half]), new(big.Int).SetBytes(sig[half:]), order)
		out := make([]byte, 2*half)
		r.FillBytes(out[:half])
		s.FillBytes(out[half:])
		return out
	})
}

// der is an ECDSA signature in the form that X.509 has it in.
func der(t issuer.Token, input []byte) []byte {
	sig := sign(t, input)
	half := len(sig) / 2
	out, err := asn1.Marshal(struct{ R, S *big.Int }{
		new(big.Int).SetBytes(sig[:half]), new(big.Int).SetBytes(sig[half:]),
	})
	if err != nil {
		panic(err) // two integers always have DER
	}
	return out
}

// shortES is a right signature whose r begins with a zero byte, with that
// byte left out; whole leaves it in.
func shortES(whole bool) func(issuer.Token, []byte) []byte {
	return func(t issuer.Token, input []byte) []byte {
		for {
			if sig := sign(t, input); sig[0] == 0 {
				if whole {
					return sig
				}
				return sig[1:]
			}
		}
	}
}

// flip is the right signature with one bit changed.
func flip(at int) deviation {
	return signature(func(t issuer.Token, input []byte) []byte {
		sig := slices.Clone(sign(t, input))
		sig[(at+len(sig))%len(sig)] ^= 1
		return sig
	})
}

// salted is a PSS signature with a salt of another length than the hash's.
func salted(alg string, salt int) func(issuer.Token, []byte) []byte {
	return func(t issuer.Token, input []byte) []byte {
		sig, err := issuer.PSS(t.Key, alg, input, salt)
		if err != nil {
			panic(fmt.Sprintf("sign: %v", err))
		}
		return sig
	}
}

// plusOrder is an Ed25519 signature whose S is too large by the group's
// order: the other one that a careless reader takes (RFC 8032, section 5.1.7).
func plusOrder(t issuer.Token, input []byte) []byte {
	sig := slices.Clone(sign(t, input))
	order, ok := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	if !ok {
		panic("the order of Ed25519's group is no number")
	}
	little := slices.Clone(sig[32:])
	slices.Reverse(little)
	sum := new(big.Int).Add(new(big.Int).SetBytes(little), order).FillBytes(make([]byte, 32))
	slices.Reverse(sum)
	copy(sig[32:], sum)
	return sig
}

// encodedDigest is the encoding of a SHA-256 digest that RSASSA-PKCS1-v1_5
// signs (RFC 8017, section 9.2), in size bytes.
func encodedDigest(input []byte, size int) []byte {
	digest := sha256.Sum256(input)
	prefix := []byte{
		0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
	}
	tail := append(prefix, digest[:]...)
	out := append([]byte{0, 1}, slices.Repeat([]byte{0xff}, size-len(tail)-3)...)
	return append(append(out, 0), tail...)
}
