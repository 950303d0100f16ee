package verdict

import (
	"fmt"
	"math/big"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// signatures: what is signed, and by which key (RFC 7515, section 5.2; RFC
// 7518, sections 3.3 to 3.5; RFC 8037).
func signatures() []Row {
	var rows []Row
	for _, alg := range issuer.Algorithms {
		rows = append(rows,
			row("a good "+alg+" signature", pass, by(demoKey(alg))),
			row("a stranger's "+alg+" signature under a known kid", badToken, by(demoKey(alg)), forgedBy(this(issuer.Stranger(alg)))),
			row("a stranger's "+alg+" signature under its own kid", badToken, by(this(issuer.Stranger(alg)))),
			row("an "+alg+" signature with its first byte changed", badToken, by(demoKey(alg)), flip(0)),
			row("an "+alg+" signature with its last byte changed", badToken, by(demoKey(alg)), flip(-1)),
			row("an "+alg+" signature one byte short", badToken, by(demoKey(alg)), signature(func(t issuer.Token, in []byte) []byte { s := sign(t, in); return s[:len(s)-1] })),
			row("an "+alg+" signature one byte long", badToken, by(demoKey(alg)), signature(func(t issuer.Token, in []byte) []byte { return append(sign(t, in), 0) })),
			row("an "+alg+" signature with a zero byte before it", badToken, by(demoKey(alg)), signature(func(t issuer.Token, in []byte) []byte { return append([]byte{0}, sign(t, in)...) })),
			row("an "+alg+" signature of nothing but zeros", badToken, by(demoKey(alg)), signature(func(t issuer.Token, in []byte) []byte { return make([]byte, len(sign(t, in))) })),
		)
	}
	rows = append(rows,
		row("a good signature of other claims", badToken, resignedOver(func(t issuer.Token) issuer.Token { return t.With("sub", "alice") })),
		row("a good signature of another header", badToken, resignedOver(func(t issuer.Token) issuer.Token { return t.Head("x", 1) })),
		row("a good signature of the payload alone", badToken, signature(func(t issuer.Token, in []byte) []byte { return sign(t, in[len(in)/2:]) })),
		row("a good signature of nothing", badToken, signature(func(t issuer.Token, _ []byte) []byte { return sign(t, nil) })),
		row("the encoded signature twice", badToken, parts(func(h, p, s string) string { return h + "." + p + "." + s + s })),
		row("RS256 made with the hash of RS512", badToken, signature(func(t issuer.Token, in []byte) []byte { t.Alg = "RS512"; return sign(t, in) })),
		row("RS256 made with the padding of PS256", badToken, signature(func(t issuer.Token, in []byte) []byte { t.Alg = "PS256"; return sign(t, in) })),
		row("PS256 made with the padding of RS256", badToken, by(demoKey("PS256")), signature(func(t issuer.Token, in []byte) []byte { t.Alg = "RS256"; return sign(t, in) })),
		row("an RS256 signature that is the encoded digest itself", badToken, signature(func(_ issuer.Token, in []byte) []byte { return encodedDigest(in, 256) })),
		row("an RS256 signature that is one", badToken, signature(func(issuer.Token, []byte) []byte { return big.NewInt(1).FillBytes(make([]byte, 256)) })),
	)
	for alg, hash := range map[string]int{"PS256": 32, "PS384": 48, "PS512": 64} {
		for _, salt := range []int{0, 1, 20, hash - 1, hash + 1, 256 - hash - 2} {
			rows = append(rows, row(fmt.Sprintf("%s with a salt of %d bytes", alg, salt), badToken, by(demoKey(alg)), signature(salted(alg, salt))))
		}
	}
	for _, alg := range []string{"ES256", "ES384", "ES512"} {
		rows = append(rows,
			row(alg+" in DER", badToken, by(demoKey(alg)), signature(der)),
			row(alg+" with r zero", badToken, by(demoKey(alg)), es(func(_, s, _ *big.Int) (*big.Int, *big.Int) { return new(big.Int), s })),
			row(alg+" with s zero", badToken, by(demoKey(alg)), es(func(r, _, _ *big.Int) (*big.Int, *big.Int) { return r, new(big.Int) })),
			row(alg+" with r the group's order", badToken, by(demoKey(alg)), es(func(_, s, n *big.Int) (*big.Int, *big.Int) { return n, s })),
			row(alg+" with s the group's order", badToken, by(demoKey(alg)), es(func(r, _, n *big.Int) (*big.Int, *big.Int) { return r, n })),
			row(alg+" with r and s one", badToken, by(demoKey(alg)), es(func(_, _, _ *big.Int) (*big.Int, *big.Int) { return big.NewInt(1), big.NewInt(1) })),
			row(alg+" with r and s swapped", badToken, by(demoKey(alg)), es(func(r, s, _ *big.Int) (*big.Int, *big.Int) { return s, r })),
			row(alg+" with the other s, which is as good", pass, by(demoKey(alg)), es(func(r, s, n *big.Int) (*big.Int, *big.Int) { return r, new(big.Int).Sub(n, s) })),
			row(alg+" with the halves padded by a zero byte each", badToken, by(demoKey(alg)), signature(widened)),
		)
	}
	rows = append(rows,
		row("ES256 whose r begins with a zero byte", pass, by(demoKey("ES256")), signature(shortES(true))),
		row("ES256 whose r lacks its zero byte", badToken, by(demoKey("ES256")), signature(shortES(false))),
		row("ES256 by a key of the curve P-384", badToken, by(demoKey("ES384")), head("alg", "ES256")),
		row("ES384 by a key of the curve P-256", badToken, by(demoKey("ES256")), head("alg", "ES384")),
		row("ES512 by a key of the curve P-256", badToken, by(demoKey("ES256")), head("alg", "ES512")),
		row("ES256 made with the hash of ES384", badToken, by(demoKey("ES256")), signature(func(t issuer.Token, in []byte) []byte { t.Alg = "ES384"; return sign(t, in) })),
		row("EdDSA with S larger by the group's order", badToken, by(demoKey("EdDSA")), signature(plusOrder)),
		row("EdDSA of the digest instead of the text", badToken, by(demoKey("EdDSA")), signature(func(t issuer.Token, in []byte) []byte { return sign(t, encodedDigest(in, 64)[32:]) })),
	)

	odd := func(phrase string, want Want, key *issuer.Key, more ...deviation) Row {
		return row(phrase, want, append([]deviation{config("odd"), user("bob", "odd"), by(this(key))}, more...)...)
	}
	return append(rows,
		odd("a good key after bad ones in the set", pass, oddGood),
		odd("a key without alg and use", pass, oddNoAlg),
		odd("a key without alg for another hash", pass, oddNoAlg.WithAlg("RS512")),
		odd("a key without alg for the other padding", pass, oddNoAlg.WithAlg("PS256")),
		odd("a kid that stands for three keys, the first", pass, oddTwin),
		odd("a kid that stands for three keys, the second", pass, oddTwin.WithAlg("PS256")),
		odd("a kid that stands for three keys, the third", pass, oddTwin.WithAlg("RS512")),
		odd("a kid that stands for three keys, none of them for this", badToken, oddTwin.WithAlg("RS384")),
		odd("an EC key between RSA ones", pass, oddEC),
		odd("an Ed25519 key between RSA ones", pass, oddEd),
		odd("a key that gives its private half away", badToken, oddPrivate),
		odd("a key for encryption without alg", badToken, oddEnc),
		odd("a key whose key_ops say encrypt", badToken, oddOps),
		odd("a key whose alg says encryption", badToken, oddHidden),
		odd("an RSA key of 1024 bits", badToken, oddWeak),
		odd("an RSA key with the exponent 1 and a forged signature", badToken, oddE1, signature(func(_ issuer.Token, in []byte) []byte { return oneSignature(in) })),
		odd("an RSA key with the exponent 1 and its private half's signature", badToken, oddE1),
		odd("an RSA key with an even exponent", badToken, oddEven),
		odd("a key whose kty is in lower case", badToken, oddKty),
		odd("an EC key that says another curve", badToken, oddCurve),
		odd("an EC key that says another curve, alg of that", badToken, oddCurve, head("alg", "ES384")),
		odd("an EC key whose point is not on the curve", badToken, oddOff),
		odd("an Ed25519 key of order one and a forged signature", badToken, oddZero, signature(func(issuer.Token, []byte) []byte { return make([]byte, 64) })),
		odd("an Ed448 key's kid", badToken, oddEd.WithID("ed448")),
		odd("the kid of an RSA key without a modulus", badToken, oddGood.WithID("no-modulus")),
	)
}

// resignedOver puts the good signature of one token under another.
func resignedOver(change func(issuer.Token) issuer.Token) deviation {
	return token(func(t issuer.Token, _ *Site) issuer.Token {
		good := t
		return change(t).SignedBy(func([]byte) []byte {
			header, payload := good.Parts()
			return sign(good, []byte(encode(header)+"."+encode(payload)))
		})
	})
}

// widened is an ECDSA signature with a zero byte before each half.
func widened(t issuer.Token, input []byte) []byte {
	sig := sign(t, input)
	half := len(sig) / 2
	return append(append(append([]byte{0}, sig[:half]...), 0), sig[half:]...)
}
