package issuer_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

func encoded(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// headerOf decodes a token's header.
func headerOf(t *testing.T, token string) map[string]any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
	if err != nil {
		t.Fatal(err)
	}
	var header map[string]any
	if err := json.Unmarshal(raw, &header); err != nil {
		t.Fatal(err)
	}
	return header
}

func TestDeviationsLeaveTheGoodTokenAlone(t *testing.T) {
	realm := start(t, issuer.Options{}).Default()
	good := realm.Access("alice")
	before := good.String()
	good.With("exp", 1).Without("sub").Head("kid", "x").NoHead("typ").
		By(issuer.Stranger("ES256")).Payload([]byte("x")).HeaderBytes([]byte("y"))
	if good.String() != before {
		t.Error("a deviation changed the token it came from")
	}
	if got := good.Bearer(); got != "Bearer "+before {
		t.Errorf("got %q", got)
	}
}

func TestDeviations(t *testing.T) {
	realm := start(t, issuer.Options{}).Default()
	good := realm.Access("alice")
	active := realm.Active()

	claims, err := verified(t, realm, good.With("exp", 7).Without("sub").String())
	if err != nil || claims["exp"] != 7.0 || claims["sub"] != nil {
		t.Errorf("claims: got %v, %v", claims, err)
	}

	lied := good.Head("alg", "none").String()
	if headerOf(t, lied)["alg"] != "none" || strings.HasSuffix(lied, ".") {
		t.Error("Head must change the header and keep the signature")
	}
	if unsigned := good.Unsigned().String(); headerOf(t, unsigned)["alg"] != "none" || !strings.HasSuffix(unsigned, ".") {
		t.Errorf("unsigned: got %q", unsigned)
	}
	if _, ok := headerOf(t, good.NoHead("kid").String())["kid"]; ok {
		t.Error("NoHead left the kid")
	}

	secret := active.PublicPEM()
	confused := good.By(issuer.HMAC("HS256", secret).WithID(active.ID)).String()
	parsed, err := jose.ParseSignedCompact(confused, []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parsed.Verify(secret); err != nil {
		t.Errorf("HMAC with the public key: %v", err)
	}
	if headerOf(t, confused)["kid"] != active.ID {
		t.Error("the confused token has lost its kid")
	}

	forged := good.Forged(issuer.Stranger("RS256")).String()
	if headerOf(t, forged)["kid"] != active.ID {
		t.Error("a forged token must claim the realm's kid")
	}
	if _, err := verified(t, realm, forged); err == nil {
		t.Error("a forged token verifies")
	}

	payload := []byte(`{"a":1,"a":2} `)
	raw := good.Payload(payload).HeaderBytes([]byte(`{"alg":"RS256","kid":"` + active.ID + `"}`))
	set := keySet(t, realm)
	parsed, err = jose.ParseSignedCompact(raw.String(), []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := parsed.Verify(set.Key(active.ID)[0]); err != nil || !bytes.Equal(got, payload) {
		t.Errorf("raw payload: got %q, %v", got, err)
	}

	short := good.By(realm.Key("PS256")).SignedBy(func(input []byte) []byte {
		sig, err := issuer.PSS(realm.Key("PS256"), "PS256", input, 8)
		if err != nil {
			t.Fatal(err)
		}
		return sig
	})
	if sig := strings.Split(short.String(), ".")[2]; len(sig) != 342 {
		t.Errorf("PSS with a short salt: signature of %d characters", len(sig))
	}
	if got := issuer.Compact([]byte("h"), []byte("p"), []byte("s")); got != "aA.cA.cw" {
		t.Errorf("compact: got %q", got)
	}
}

func TestPublishedKeysHoldNothingPrivate(t *testing.T) {
	realm := start(t, issuer.Options{}).Default()
	for _, k := range realm.Keys() {
		for _, member := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
			if _, ok := k.JWK()[member]; ok {
				t.Errorf("%s: JWK holds %q", k.Alg, member)
			}
		}
		private, ok := k.PrivateJWK()["d"]
		if !ok {
			t.Errorf("%s: the private JWK lacks d", k.Alg)
		}
		set := keySet(t, realm)
		if strings.Contains(string(mustMarshal(t, set)), private.(string)) {
			t.Errorf("%s: the private member is published", k.Alg)
		}
	}
	for _, name := range []string{"rsa-weak", "rsa-4096"} {
		issuer.Load(name, "RS256").JWK()
	}
}

func TestSignatureRefusesWhatAKeyCannotDo(t *testing.T) {
	for _, row := range []struct {
		alg string
		key *issuer.Key
	}{
		{"RS256", issuer.Stranger("ES256")},
		{"ES256", issuer.Stranger("RS256")},
		{"EdDSA", issuer.Stranger("RS256")},
		{"RS256", issuer.Stranger("EdDSA")},
		{"HS256", issuer.Stranger("RS256")},
		{"RS256", nil},
		{"RS1", issuer.Stranger("RS256")},
		{"", issuer.Stranger("RS256")},
	} {
		if sig, err := issuer.Signature(row.alg, row.key, []byte("x")); err == nil {
			t.Errorf("%q: signed %x", row.alg, sig)
		}
	}
}

func mustMarshal(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
