package authproxy

import (
	"context"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// patient is a configuration whose keys change only when a story says so.
func (is *testIssuer) patient() *Config {
	c := is.config()
	c.JWKSMinRefresh = "200ms"
	c.JWKSTimeout = "2s"
	return c
}

// signedBy is a good token under another key.
func (is *testIssuer) signedBy(name string) string {
	header := map[string]interface{}{"alg": "RS256", "typ": "JWT", "kid": name}
	return is.token(header, is.claims(), jwt.SigningMethodRS256, testRSA(is.t, name))
}

func (is *testIssuer) jwk(name string) map[string]interface{} {
	return rsaJWK(name, &testRSA(is.t, name).PublicKey)
}

// eventually asks until the status comes, for five seconds at most.
func eventually(t *testing.T, h http.Handler, token string, want int, what string) {
	t.Helper()
	got := 0
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		got = send(h, "GET", "/api/v1/auditflow", token).Code
		if got == want {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%s: got %d, want %d", what, got, want)
}

func TestRotationWithOverlap(t *testing.T) {
	is := newTestIssuer(t)
	h, _ := build(t, is.patient())
	old := is.signedBy("k1")
	if got := send(h, "GET", "/api/v1/auditflow", old).Code; got != 200 {
		t.Fatalf("before the rotation: got %d, want 200", got)
	}
	is.publish(is.jwk("k1"), is.jwk("k3"))
	before := is.keysAsked()
	if got := send(h, "GET", "/api/v1/auditflow", is.signedBy("k3")).Code; got != 200 {
		t.Errorf("the new key's first token: got %d, want 200", got)
	}
	if got := is.keysAsked() - before; got != 1 {
		t.Errorf("the new key cost %d fetches, want 1", got)
	}
	if got := send(h, "GET", "/api/v1/auditflow", old).Code; got != 200 {
		t.Errorf("the old key's token: got %d, want 200", got)
	}
}

func TestRemovedKeyTakesItsTokensAlong(t *testing.T) {
	is := newTestIssuer(t)
	c := is.patient()
	c.JWKSRefresh = "300ms"
	h, _ := build(t, c)
	token := is.signedBy("k1")
	kept := is.signedBy("k2")
	for _, one := range []string{token, token, kept} {
		if got := send(h, "GET", "/api/v1/auditflow", one).Code; got != 200 {
			t.Fatalf("before: got %d, want 200", got)
		}
	}
	is.publish(is.jwk("k2"))
	eventually(t, h, token, 401, "a remembered token whose key has gone")
	if got := send(h, "GET", "/api/v1/auditflow", kept).Code; got != 200 {
		t.Errorf("the other key's token: got %d, want 200", got)
	}
}

func TestIssuerDownAtStart(t *testing.T) {
	is := newTestIssuer(t)
	is.answers(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusInternalServerError)
		return true
	})
	h, b := build(t, is.patient())
	w := send(h, "GET", "/api/v1/auditflow", is.good(nil))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || b.count() != 0 {
		t.Errorf("got %d, Retry-After %q, reached %d times; want 503, a time, 0", w.Code, w.Header().Get("Retry-After"), b.count())
	}
	if got := send(h, "GET", "/public", "").Code; got != 200 {
		t.Errorf("a public path: got %d, want 200", got)
	}
	is.answers(nil)
	eventually(t, h, is.good(nil), 200, "once the issuer is up")
}

// TestBadAnswersNeverEvict: whatever the issuer answers, keys that were good serve
// on, for tokens known and never seen.
func TestBadAnswersNeverEvict(t *testing.T) {
	rows := []struct {
		phrase string
		answer func(w http.ResponseWriter)
	}{
		{"an error", func(w http.ResponseWriter) { w.WriteHeader(500) }},
		{"HTML", func(w http.ResponseWriter) { _, _ = w.Write([]byte("<html>")) }},
		{"nothing", func(w http.ResponseWriter) {}},
		{"an empty set", func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{"keys":[]}`)) }},
		{"null", func(w http.ResponseWriter) { _, _ = w.Write([]byte(`null`)) }},
		{"keys that are no list", func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{"keys":{}}`)) }},
		{"5 MB", func(w http.ResponseWriter) { _, _ = w.Write(make([]byte, 5<<20)) }},
		{"a redirect to another host", func(w http.ResponseWriter) {
			w.Header().Set("Location", "http://127.0.0.2:1/")
			w.WriteHeader(302)
		}},
		{"a drip", func(w http.ResponseWriter) {
			for i := 0; i < 8; i++ {
				_, _ = w.Write([]byte(" "))
				w.(http.Flusher).Flush()
				time.Sleep(50 * time.Millisecond)
			}
		}},
	}
	for _, row := range rows {
		badAnswerKeepsKeys(t, row.phrase, row.answer)
	}
}

func badAnswerKeepsKeys(t *testing.T, phrase string, answer func(w http.ResponseWriter)) {
	is := newTestIssuer(t)
	c := is.patient()
	c.JWKSTimeout = "200ms"
	c.JWKSRefresh = "250ms"
	h, _ := build(t, c)
	known := is.good(nil)
	eventually(t, h, known, 200, phrase+": before")
	asked := make(chan bool, 100)
	is.answers(func(w http.ResponseWriter, _ *http.Request) bool {
		select {
		case asked <- true:
		default:
		}
		answer(w)
		return true
	})
	for i := 0; i < 2; i++ {
		select {
		case <-asked:
		case <-time.After(5 * time.Second):
			t.Errorf("%s: the issuer was not asked again", phrase)
		}
	}
	for _, token := range []string{known, is.good(map[string]interface{}{"jti": "never seen"})} {
		if got := send(h, "GET", "/api/v1/auditflow", token).Code; got != 200 {
			t.Errorf("%s: got %d, want 200", phrase, got)
		}
	}
}

func TestKeysEndAfterMaxStale(t *testing.T) {
	is := newTestIssuer(t)
	c := is.patient()
	c.JWKSMaxStale = "600ms"
	h, _ := build(t, c)
	token := is.good(nil)
	eventually(t, h, token, 200, "before")
	is.answers(func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(500); return true })
	eventually(t, h, token, 503, "a remembered token, long after the last good answer")
	is.answers(nil)
	eventually(t, h, token, 200, "after the outage")
}

// TestSilentIssuer: an issuer that takes connections and never answers does not keep
// remembered tokens good for longer than one that is away.
func TestSilentIssuer(t *testing.T) {
	is := newTestIssuer(t)
	c := is.patient()
	c.JWKSMaxStale = "600ms"
	c.JWKSTimeout = "1m"
	h, _ := build(t, c)
	token := is.good(nil)
	eventually(t, h, token, 200, "before")
	cache := gateOf(t, c).verifier.cache
	if remembered(cache, bearerPrefix+token) == nil {
		t.Fatal("a good token is not remembered")
	}
	release := make(chan struct{})
	defer close(release)
	is.answers(func(http.ResponseWriter, *http.Request) bool { <-release; return true })
	for end := time.Now().Add(20 * time.Second); remembered(cache, bearerPrefix+token) != nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("still remembered long after the last good answer")
		}
	}
}

func TestReloadsDuringOutage(t *testing.T) {
	is := newTestIssuer(t)
	h, _ := build(t, is.patient())
	eventually(t, h, is.good(nil), 200, "before")
	is.answers(func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(500); return true })
	for i := 0; i < 100; i++ {
		ctx, cancel := context.WithCancel(context.Background())
		again, err := New(ctx, &backend{}, is.patient(), t.Name())
		cancel() // as Traefik does at the next reload
		if err != nil {
			t.Fatal(err)
		}
		token := is.good(map[string]interface{}{"jti": fmt.Sprint(i)})
		if got := send(again, "GET", "/api/v1/auditflow", token).Code; got != 200 {
			t.Fatalf("reload %d: got %d, want 200", i, got)
		}
	}
}

func TestHerdFetchesOnce(t *testing.T) {
	is := newTestIssuer(t)
	release := make(chan struct{})
	is.answers(func(_ http.ResponseWriter, _ *http.Request) bool { <-release; return false })
	h, _ := build(t, is.patient())
	token := is.good(nil)
	results := make(chan int, 500)
	for i := 0; i < 500; i++ {
		go sendTo(results, h, token)
	}
	time.Sleep(50 * time.Millisecond)
	close(release)
	for i := 0; i < 500; i++ {
		if got := <-results; got != 200 {
			t.Fatalf("one of the herd: got %d, want 200", got)
		}
	}
	if got := is.keysAsked(); got != 1 {
		t.Errorf("the herd cost %d fetches, want 1", got)
	}
}

func sendTo(results chan int, h http.Handler, token string) {
	results <- send(h, "GET", "/api/v1/auditflow", token).Code
}

func TestFirstWaiterGivesUp(t *testing.T) {
	is := newTestIssuer(t)
	release := make(chan struct{})
	is.answers(func(_ http.ResponseWriter, _ *http.Request) bool { <-release; return false })
	h, _ := build(t, is.patient())
	token := is.good(nil)
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan int, 1)
	go sendUnder(ctx, gone, h, token)
	results := make(chan int, 1)
	go sendTo(results, h, token)
	time.Sleep(30 * time.Millisecond)
	cancel()
	if got := <-gone; got != 503 {
		t.Errorf("who gave up: got %d, want 503", got)
	}
	close(release)
	if got := <-results; got != 200 {
		t.Errorf("who waited: got %d, want 200", got)
	}
}

func sendUnder(ctx context.Context, results chan int, h http.Handler, token string) {
	r := httptest.NewRequest("GET", "/api/v1/auditflow", nil).WithContext(ctx)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	results <- w.Code
}

func TestFloodOfUnknownKids(t *testing.T) {
	is := newTestIssuer(t)
	c := is.patient()
	c.JWKSMinRefresh = "1m"
	h, b := build(t, c)
	good := is.good(nil)
	eventually(t, h, good, 200, "before")
	before := is.keysAsked()
	reached := b.count()
	key := testRSA(t, "foreign")
	template := is.token(map[string]interface{}{"alg": "RS256", "kid": "x"}, is.claims(), jwt.SigningMethodRS256, key)
	rest := template[strings.IndexByte(template, '.'):]
	for i := 0; i < 2000; i++ {
		head := b64([]byte(fmt.Sprintf(`{"alg":"RS256","kid":"unknown-%d"}`, i)))
		if got := send(h, "GET", "/api/v1/auditflow", head+rest).Code; got != 401 {
			t.Fatalf("an unknown kid: got %d, want 401", got)
		}
	}
	if got := is.keysAsked() - before; got != 1 {
		t.Errorf("the flood cost %d fetches, want 1", got)
	}
	if b.count() != reached {
		t.Error("one of the flood reached the service")
	}
	if got := send(h, "GET", "/api/v1/auditflow", good).Code; got != 200 {
		t.Errorf("a good token beside the flood: got %d, want 200", got)
	}
}

// TestKeyNewerThanTheFetchUnderWay: a fetch that had been answered before a key was
// published does not speak for it.
func TestKeyNewerThanTheFetchUnderWay(t *testing.T) {
	is := newTestIssuer(t)
	held := make(chan struct{})
	is.answers(func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/certs") {
			<-held
		}
		return false
	})
	h, _ := build(t, is.patient())
	for end := time.Now().Add(5 * time.Second); is.keysAsked() == 0 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	is.publish(is.jwk("k1"), is.jwk("k3"))
	result := make(chan int, 1)
	go sendTo(result, h, is.signedBy("k3"))
	time.Sleep(50 * time.Millisecond)
	is.answers(nil)
	close(held)
	if got := <-result; got != 200 {
		t.Errorf("got %d, want 200", got)
	}
	if got := is.keysAsked(); got != 2 {
		t.Errorf("%d fetches, want 2", got)
	}
}

// TestAlgorithmAddedToAKey: Keycloak keeps a key's kid when its algorithm is changed.
func TestAlgorithmAddedToAKey(t *testing.T) {
	is := newTestIssuer(t)
	c := is.patient()
	c.JWKSMinRefresh = "1m"
	h, _ := build(t, c)
	eventually(t, h, is.good(nil), 200, "before")
	before := is.keysAsked()
	changed := is.jwk("k1")
	changed["alg"] = "PS256"
	is.publish(changed)
	token := is.token(map[string]interface{}{"alg": "PS256", "kid": "k1"}, is.claims(), jwt.SigningMethodPS256, testRSA(t, "k1"))
	if got := send(h, "GET", "/api/v1/auditflow", token).Code; got != 200 {
		t.Errorf("got %d, want 200", got)
	}
	never := is.token(map[string]interface{}{"alg": "RS512", "kid": "k1"}, is.claims(), jwt.SigningMethodRS512, testRSA(t, "k1"))
	for i := 0; i < 20; i++ {
		if got := send(h, "GET", "/api/v1/auditflow", never).Code; got != 401 {
			t.Fatalf("an algorithm that the key is not for: got %d, want 401", got)
		}
	}
	if got := is.keysAsked() - before; got != 1 {
		t.Errorf("%d fetches, want 1", got)
	}
}

func TestForeignIssuerCostsNoFetch(t *testing.T) {
	is := newTestIssuer(t)
	h, _ := build(t, is.patient())
	eventually(t, h, is.good(nil), 200, "before")
	before := is.keysAsked()
	claims := is.claims()
	claims["iss"] = "https://elsewhere.example/realms/x"
	token := is.token(map[string]interface{}{"alg": "RS256", "kid": "unknown"}, claims, jwt.SigningMethodRS256, testRSA(t, "foreign"))
	if got := send(h, "GET", "/api/v1/auditflow", token).Code; got != 401 {
		t.Errorf("got %d, want 401", got)
	}
	if is.keysAsked() != before {
		t.Error("a foreign token caused a fetch")
	}
}

// TestDiscoveryIsNotBelieved: a document that names another issuer, or keys on
// another host, yields no keys.
func TestDiscoveryIsNotBelieved(t *testing.T) {
	other := newTestIssuer(t)
	for phrase, document := range map[string]string{
		"another issuer":         `{"issuer":"https://evil.example","jwks_uri":"%[1]s/protocol/openid-connect/certs"}`,
		"keys on another host":   `{"issuer":"%[1]s","jwks_uri":"` + other.url + `/protocol/openid-connect/certs"}`,
		"keys by another scheme": `{"issuer":"%[1]s","jwks_uri":"file:///etc/passwd"}`,
		"no address":             `{"issuer":"%[1]s"}`,
	} {
		disbelieved(t, phrase, document)
	}
	if other.keysAsked() != 0 {
		t.Error("the other host was asked")
	}
}

func disbelieved(t *testing.T, phrase, document string) {
	is := newTestIssuer(t)
	is.answers(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "openid-configuration") {
			return false
		}
		_, _ = fmt.Fprintf(w, document, is.url)
		return true
	})
	h, _ := build(t, is.patient())
	if got := send(h, "GET", "/api/v1/auditflow", is.good(nil)).Code; got != 503 {
		t.Errorf("%s: got %d, want 503", phrase, got)
	}
}

func TestInnerAddresses(t *testing.T) {
	is := newTestIssuer(t)
	inner := is.url
	public := "https://auth.example.test/realms/test"
	is.answers(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "openid-configuration") {
			return false
		}
		_, _ = fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, public, inner+"/protocol/openid-connect/certs")
		return true
	})
	byDiscovery := is.patient()
	byDiscovery.Issuer = public
	byDiscovery.DiscoveryURL = inner + "/.well-known/openid-configuration"
	byKeys := is.patient()
	byKeys.Issuer = public
	byKeys.JWKSURL = inner + "/protocol/openid-connect/certs"
	token := is.good(map[string]interface{}{"iss": public})
	for phrase, c := range map[string]*Config{"discoveryUrl": byDiscovery, "jwksUrl": byKeys} {
		h, _ := build(t, c)
		if got := send(h, "GET", "/api/v1/auditflow", token).Code; got != 200 {
			t.Errorf("%s: got %d, want 200", phrase, got)
		}
	}
}

// TestIssuersVouchForThemselves: two issuers with one kid each sign only their own.
func TestIssuersVouchForThemselves(t *testing.T) {
	one := newTestIssuer(t)
	two := newTestIssuer(t)
	two.publish(rsaJWK("k1", &testRSA(t, "k2").PublicKey))
	c := one.patient()
	c.Issuers = []IssuerConfig{{Issuer: two.url}}
	h, _ := build(t, c)
	claims := two.claims()
	header := map[string]interface{}{"alg": "RS256", "kid": "k1"}
	rows := []struct {
		phrase string
		token  string
		status int
	}{
		{"the first issuer's", one.good(nil), 200},
		{"the second issuer's", two.token(header, claims, jwt.SigningMethodRS256, testRSA(t, "k2")), 200},
		{"signed by the first in the second's name", two.token(header, claims, jwt.SigningMethodRS256, testRSA(t, "k1")), 401},
		{"a third issuer's", one.good(map[string]interface{}{"iss": "https://third.example"}), 401},
	}
	for _, row := range rows {
		if got := send(h, "GET", "/api/v1/auditflow", row.token).Code; got != row.status {
			t.Errorf("%s: got %d, want %d", row.phrase, got, row.status)
		}
	}
}

func TestPrivateCertificateAuthority(t *testing.T) {
	is := newTestIssuer(t)
	server := httptest.NewTLSServer(http.HandlerFunc(is.serve))
	defer server.Close()
	is.url = server.URL + "/realms/test"
	ca := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}
	trusting := is.patient()
	trusting.CAFile = ca
	h, _ := build(t, trusting)
	if got := send(h, "GET", "/api/v1/auditflow", is.good(nil)).Code; got != 200 {
		t.Errorf("with the right authority: got %d, want 200", got)
	}
	h, _ = build(t, is.patient())
	if got := send(h, "GET", "/api/v1/auditflow", is.good(nil)).Code; got != 503 {
		t.Errorf("with the system's: got %d, want 503", got)
	}
	careless := is.patient()
	careless.InsecureSkipVerify = true
	h, _ = build(t, careless)
	if got := send(h, "GET", "/api/v1/auditflow", is.good(nil)).Code; got != 200 {
		t.Errorf("with insecureSkipVerify: got %d, want 200", got)
	}
}

func TestPreloadedKeysServeDuringOutage(t *testing.T) {
	is := newTestIssuer(t)
	is.answers(func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(500); return true })
	file := filepath.Join(t.TempDir(), "jwks.json")
	n := b64(testRSA(t, "k1").PublicKey.N.Bytes())
	if err := os.WriteFile(file, []byte(`{"keys":[{"kty":"RSA","kid":"k1","n":"`+n+`","e":"AQAB"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	c := is.patient()
	c.PreloadFile = file
	h, _ := build(t, c)
	if got := send(h, "GET", "/api/v1/auditflow", is.good(nil)).Code; got != 200 {
		t.Errorf("got %d, want 200", got)
	}
	is.publish(is.jwk("k2"))
	is.answers(nil)
	eventually(t, h, is.signedBy("k2"), 200, "the issuer's own keys")
	eventually(t, h, is.signedBy("k1"), 401, "a preloaded key that the issuer does not have")
}

// TestReloadsShareEverything: a thousand routers and a hundred reloads leave one
// entry of each kind, and no goroutine behind.
func TestReloadsShareEverything(t *testing.T) {
	is := newTestIssuer(t)
	c := is.patient()
	h, _ := build(t, c)
	eventually(t, h, is.good(nil), 200, "before")
	former := shared
	shared = newRegistry()
	defer func() { shared = former }()
	goroutines := runtime.NumGoroutine()
	asked := is.keysAsked()
	reloads := 100
	routers := 1000
	if testing.Short() {
		reloads = 10
	}
	for i := 0; i < reloads; i++ {
		ctx, cancel := context.WithCancel(context.Background())
		for j := 0; j < routers; j++ {
			if _, err := New(ctx, http.NotFoundHandler(), c, "reload"); err != nil {
				t.Fatal(err)
			}
		}
		cancel()
	}
	if len(shared.gates) != 1 || len(shared.verifiers) != 1 || len(shared.sources) != 1 {
		t.Errorf("got %d gates, %d verifiers, %d key sources; want one of each", len(shared.gates), len(shared.verifiers), len(shared.sources))
	}
	for _, entry := range shared.gates {
		if len(entry.users) > 4*routers {
			t.Errorf("%d contexts are kept, want about %d", len(entry.users), routers)
		}
	}
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > goroutines+10 && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	// The connection to the issuer takes a few of its own.
	if got := runtime.NumGoroutine(); got > goroutines+10 {
		t.Errorf("%d goroutines, before %d", got, goroutines)
	}
	if got := is.keysAsked() - asked; got > 1 {
		t.Errorf("the reloads cost %d fetches, want 1", got)
	}
	// Once nobody has used them for a while, all of it goes.
	shared.mu.Lock()
	shared.sweepLocked(time.Now())
	shared.sweepLocked(time.Now().Add(idleTime))
	left := len(shared.gates) + len(shared.verifiers) + len(shared.sources)
	shared.mu.Unlock()
	if left != 0 {
		t.Errorf("%d entries are left after the idle time, want 0", left)
	}
}
