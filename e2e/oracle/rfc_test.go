package oracle

import (
	"crypto"
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/labs64/traefik-authproxy/e2e/host"
	"github.com/labs64/traefik-authproxy/e2e/issuer"
	"github.com/labs64/traefik-authproxy/e2e/layout"
)

// example is one of the published examples; testdata/rfc/README.md says what
// its fields are.
type example struct {
	Source     string          `json:"source"`
	JWK        json.RawMessage `json:"jwk"`
	Alg        string          `json:"alg"`
	JWS        string          `json:"jws"`
	Thumbprint string          `json:"thumbprint"`
	Reason     string          `json:"reason"`
}

// examples reads testdata/rfc.
func examples(t *testing.T) map[string]example {
	t.Helper()
	checkout, err := layout.Checkout()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(checkout, "testdata", "rfc", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 11 {
		t.Fatalf("%d examples, want 11", len(files))
	}
	all := map[string]example{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var e example
		if err := json.Unmarshal(text, &e); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = e
	}
	return all
}

// TestExamplesAreExact proves that the files hold what the RFCs say: go-jose
// verifies the signatures.
func TestExamplesAreExact(t *testing.T) {
	for name, e := range examples(t) {
		t.Run(name, func(t *testing.T) {
			switch {
			case e.Alg == "none":
				if header := `{"alg":"none"}`; !strings.HasPrefix(e.JWS, base64.RawURLEncoding.EncodeToString([]byte(header))+".") {
					t.Errorf("the header is not %s", header)
				}
				return
			case e.JWS == "":
				agreementKey(t, e.JWK)
				return
			}
			var key jose.JSONWebKey
			if err := key.UnmarshalJSON(e.JWK); err != nil {
				t.Fatal(err)
			}
			jws, err := jose.ParseSignedCompact(e.JWS, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(e.Alg)})
			if err != nil {
				t.Fatal(err)
			}
			verifier := key.Key
			if public := key.Public(); public.Key != nil {
				verifier = public.Key
			}
			if _, err := jws.Verify(verifier); err != nil {
				t.Errorf("the signature does not verify: %v", err)
			}
			if e.Thumbprint == "" {
				return
			}
			sum, err := key.Thumbprint(crypto.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			if got := base64.RawURLEncoding.EncodeToString(sum); got != e.Thumbprint {
				t.Errorf("thumbprint %s, want %s", got, e.Thumbprint)
			}
		})
	}
}

// agreementKey checks that the halves of an X25519 key fit.
func agreementKey(t *testing.T, text json.RawMessage) {
	t.Helper()
	var k struct{ Crv, X, D string }
	if err := json.Unmarshal(text, &k); err != nil {
		t.Fatal(err)
	}
	d, err := base64.RawURLEncoding.DecodeString(k.D)
	if err != nil {
		t.Fatal(err)
	}
	private, err := ecdh.X25519().NewPrivateKey(d)
	if err != nil {
		t.Fatal(err)
	}
	if got := base64.RawURLEncoding.EncodeToString(private.PublicKey().Bytes()); k.Crv != "X25519" || got != k.X {
		t.Errorf("the private half is that of %s", got)
	}
}

// TestExamplesInThePlugin serves each example's key and sends its token, the
// same with a signature and with a payload changed, and a good token signed
// with that key.
func TestExamplesInThePlugin(t *testing.T) {
	ways := map[string]*host.Plugin{"compiled": host.Compiled(), "interpreted": interpreter(t)}
	for name, e := range examples(t) {
		for way, p := range ways {
			t.Run(name+"/"+way, func(t *testing.T) { runExample(t, p, e) })
		}
	}
}

func runExample(t *testing.T, p *host.Plugin, e example) {
	log := captureLog(t)
	public, good := publicOf(t, e.JWK), freshToken(t)
	keys := issuer.JWKS(published...) // for the examples that have no public key
	if public != nil {
		keys, good = keySetOf(t, public), signedWith(t, e)
	}
	s := mustServe(t, p, keys)
	// The first token waits for the keys.
	if got := s.ask("Bearer " + good); got.status != http.StatusOK {
		t.Errorf("a good token: %s", got)
	}
	if e.JWS != "" {
		refused(t, s, log, e.JWS, e.Reason)
	}
	if public != nil {
		refused(t, s, log, altered(e.JWS, 1), "signature")
		refused(t, s, log, altered(e.JWS, 2), "signature")
		refused(t, s, log, altered(good, 2), "signature")
	}
	if len(e.JWK) > 0 {
		// The key with its private members, or one that signs nothing, is none.
		s := mustServe(t, p, []byte(`{"keys":[`+string(e.JWK)+`]}`))
		if got := s.ask("Bearer " + good); got.status != http.StatusServiceUnavailable || got.allowed() {
			t.Errorf("a set of private keys only: %s", got)
		}
	}
}

func mustServe(t *testing.T, p *host.Plugin, jwks []byte) *site {
	t.Helper()
	s, err := open(p, jwks, `
    logLevel: debug
    tokenCacheSize: 0
    rules: [{path: /, authenticated: true}]
`)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

// refused sends a token and compares the reason that the log gives.
func refused(t *testing.T, s *site, log *os.File, token, reason string) {
	t.Helper()
	from, err := log.Seek(0, 2)
	if err != nil {
		t.Fatal(err)
	}
	got := s.ask("Bearer " + token)
	if got.status != http.StatusUnauthorized || got.allowed() {
		t.Errorf("%s, want 401", got)
	}
	text := make([]byte, 1<<16)
	n, _ := log.ReadAt(text, from) // up to the end
	if want := fmt.Sprintf(`"reason":%q`, reason); !strings.Contains(string(text[:n]), want) {
		t.Errorf("the log says %q, want the reason %q", text[:n], reason)
	}
}

// captureLog has the plugin's log written to a file for the test's time.
func captureLog(t *testing.T) *os.File {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = file
	t.Cleanup(func() {
		os.Stdout = stdout
		file.Close()
	})
	return file
}

// publicOf is the public half of a key that may verify signatures, nil for
// symmetric keys and keys for key agreement.
func publicOf(t *testing.T, text json.RawMessage) map[string]any {
	t.Helper()
	var fields map[string]any
	if len(text) == 0 || json.Unmarshal(text, &fields) != nil || fields["kty"] == "oct" || fields["crv"] == "X25519" {
		return nil
	}
	for _, name := range []string{"d", "p", "q", "dp", "dq", "qi"} {
		delete(fields, name)
	}
	return fields
}

func keySetOf(t *testing.T, key map[string]any) []byte {
	t.Helper()
	text, err := json.Marshal(map[string]any{"keys": []any{key}})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// altered changes one bit in the middle of a part of a token.
func altered(token string, part int) string {
	parts := strings.Split(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[part])
	if err != nil {
		panic(err) // the examples decode
	}
	raw[len(raw)/2] ^= 1
	parts[part] = base64.RawURLEncoding.EncodeToString(raw)
	return strings.Join(parts, ".")
}

// signedWith makes a good token with an example's private key, by go-jose.
func signedWith(t *testing.T, e example) string {
	t.Helper()
	var key jose.JSONWebKey
	if err := key.UnmarshalJSON(e.JWK); err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(e.Alg), Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign([]byte(goodClaims))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}
