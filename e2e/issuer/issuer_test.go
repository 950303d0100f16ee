package issuer_test

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

func start(t *testing.T, o issuer.Options) *issuer.Issuer {
	t.Helper()
	iss, err := issuer.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := iss.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return iss
}

func get(t *testing.T, address string) (int, []byte) {
	t.Helper()
	res, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("GET %s: %v", address, err)
	}
	return res.StatusCode, body
}

func getJSON(t *testing.T, address string) map[string]any {
	t.Helper()
	status, body := get(t, address)
	if status != http.StatusOK {
		t.Fatalf("GET %s: got %d, want 200", address, status)
	}
	var v map[string]any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("GET %s: %v", address, err)
	}
	return v
}

// keySet reads the certs endpoint as a stranger would, with go-jose.
func keySet(t *testing.T, r *issuer.Realm) jose.JSONWebKeySet {
	t.Helper()
	_, body := get(t, r.Inner(issuer.Certs))
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(body, &set); err != nil {
		t.Fatalf("jwks: %v", err)
	}
	return set
}

// verified verifies the token with the published keys and returns its claims.
func verified(t *testing.T, r *issuer.Realm, token string) (map[string]any, error) {
	t.Helper()
	var algorithms []jose.SignatureAlgorithm
	for _, a := range issuer.Algorithms {
		algorithms = append(algorithms, jose.SignatureAlgorithm(a))
	}
	parsed, err := jose.ParseSignedCompact(token, algorithms)
	if err != nil {
		return nil, err
	}
	set := keySet(t, r)
	payload, err := parsed.Verify(&set)
	if err != nil {
		return nil, err
	}
	var claims map[string]any
	return claims, json.Unmarshal(payload, &claims)
}

func TestDiscoveryLeadsToTheKeys(t *testing.T) {
	iss := start(t, issuer.Options{Realms: []string{"demo", "Läden 2"}})
	for _, name := range []string{"demo", "Läden 2"} {
		realm := iss.Realm(name)
		document := getJSON(t, realm.URL()+"/.well-known/openid-configuration")
		if document["issuer"] != realm.URL() {
			t.Errorf("issuer: got %v, want %v", document["issuer"], realm.URL())
		}
		keys := getJSON(t, document["jwks_uri"].(string))["keys"].([]any)
		first := keys[0].(map[string]any)
		if first["alg"] != "RSA-OAEP" || first["use"] != "enc" {
			t.Errorf("realm %q: first key is %v for %v, want the one for encryption", name, first["alg"], first["use"])
		}
		for _, e := range []issuer.Endpoint{issuer.Discovery, issuer.Certs} {
			if n := realm.Count(e); n != 1 {
				t.Errorf("realm %q: %s asked %d times, want 1", name, e, n)
			}
		}
	}
	if !strings.HasSuffix(iss.Realm("Läden 2").URL(), "/realms/L%C3%A4den%202") {
		t.Errorf("got %s, want the name percent-encoded", iss.Realm("Läden 2").URL())
	}
	if iss.Count(issuer.Certs) != 2 || iss.Connections() == 0 {
		t.Errorf("certs asked %d times over %d connections", iss.Count(issuer.Certs), iss.Connections())
	}
	iss.ResetCounts()
	if iss.Count(issuer.Certs) != 0 {
		t.Error("counts survive a reset")
	}
	status, _ := get(t, iss.Base()+"/realms/Demo/.well-known/openid-configuration")
	if status != http.StatusNotFound {
		t.Errorf("realm in another case: got %d, want 404", status)
	}
}

func TestEveryAlgorithmVerifies(t *testing.T) {
	realm := start(t, issuer.Options{}).Default()
	for _, alg := range issuer.Algorithms {
		token := realm.Access("alice").By(realm.Key(alg))
		claims, err := verified(t, realm, token.String())
		if err != nil {
			t.Errorf("%s: %v", alg, err)
			continue
		}
		if claims["preferred_username"] != "alice" {
			t.Errorf("%s: got claims %v", alg, claims)
		}
		if _, err := verified(t, realm, token.Forged(issuer.Stranger(alg)).String()); err == nil {
			t.Errorf("%s: a stranger's signature verifies", alg)
		}
	}
	shared := map[string]int{}
	for _, k := range realm.Keys() {
		shared[k.ID]++
	}
	if shared[realm.Key("PS256").ID] != 5 {
		t.Error("the further RSA algorithms do not share a kid")
	}
}

func TestRealmsShareNoKey(t *testing.T) {
	for _, alg := range issuer.Algorithms {
		iss := start(t, issuer.Options{Realms: []string{"a", "b"}, Algorithms: []string{alg}})
		a, b := iss.Realm("a"), iss.Realm("b")
		if a.Active().ID == b.Active().ID {
			t.Errorf("%s: both realms sign with %s", alg, a.Active().ID)
		}
		if _, err := verified(t, a, b.Access("alice").String()); err == nil {
			t.Errorf("%s: a token of one realm verifies with the keys of the other", alg)
		}
	}
}

func TestThumbprintIsTheOneOfRFC7638(t *testing.T) {
	for _, k := range start(t, issuer.Options{}).Default().Keys() {
		want, err := (&jose.JSONWebKey{Key: k.Private.Public()}).Thumbprint(crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		if got := issuer.Thumbprint(k.Private.Public()); got != encoded(want) || got != k.ID {
			t.Errorf("%s: got %s, want %s", k.Alg, got, encoded(want))
		}
	}
}

func TestTokenKindsHaveKeycloaksClaims(t *testing.T) {
	realm := start(t, issuer.Options{}).Default()
	for _, row := range []struct {
		name  string
		token issuer.Token
		typ   any
		aud   any
		has   []string
		hasNo []string
	}{
		{
			"access", realm.Access("alice"), "Bearer", []any{issuer.Audience, "account"},
			[]string{"exp", "iat", "jti", "sub", "azp", "sid", "acr", "allowed-origins", "realm_access", "resource_access", "scope", "email_verified", "name", "preferred_username"},
			[]string{"nbf", "cnf"},
		},
		{
			"service", realm.ServiceToken(issuer.ServiceClient), "Bearer", []any{issuer.Audience, "account"},
			[]string{"sub", "client_id", "clientAddress"},
			[]string{"sid", "name", "email"},
		},
		{"ID", realm.ID("alice"), "ID", issuer.WebClient, []string{"exp", "sub"}, []string{"scope"}},
		{"refresh", realm.Refresh("alice"), "Refresh", realm.URL(), []string{"exp", "sub"}, []string{"realm_access"}},
		{"offline", realm.Offline("alice"), "Offline", realm.URL(), []string{"sub"}, []string{"exp"}},
		{"logout", realm.Logout("alice"), "Logout", issuer.WebClient, []string{"exp", "sub", "events"}, nil},
		{"userinfo", realm.UserInfo("alice"), nil, issuer.WebClient, []string{"sub", "realm_access"}, []string{"exp"}},
		{"JARM", realm.Authorization(), nil, issuer.WebClient, []string{"exp", "code"}, []string{"sub"}},
	} {
		claims, err := issuer.DecodeClaims(row.token.String())
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		if claims["typ"] != row.typ || claims["iss"] != realm.URL() || !equal(claims["aud"], row.aud) {
			t.Errorf("%s: got typ %v, iss %v, aud %v", row.name, claims["typ"], claims["iss"], claims["aud"])
		}
		for _, name := range row.has {
			if _, ok := claims[name]; !ok {
				t.Errorf("%s: claim %q is missing", row.name, name)
			}
		}
		for _, name := range row.hasNo {
			if _, ok := claims[name]; ok {
				t.Errorf("%s: claim %q is there", row.name, name)
			}
		}
	}
	if _, err := verified(t, realm, realm.Refresh("alice").String()); err == nil {
		t.Error("a refresh token verifies with a published key")
	}
}

func TestGrants(t *testing.T) {
	realm := start(t, issuer.Options{}).Default()
	ask := func(form url.Values) (int, map[string]any) {
		t.Helper()
		res, err := http.PostForm(realm.Inner(issuer.Tokens), form)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var body map[string]any
		if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, body
	}
	password := url.Values{
		"grant_type": {"password"}, "client_id": {issuer.WebClient},
		"username": {"bob"}, "password": {"bob"}, "scope": {"openid"},
	}
	status, first := ask(password)
	if status != http.StatusOK || first["id_token"] == nil || first["expires_in"] != 300.0 {
		t.Fatalf("password: got %d %v", status, first)
	}
	claims, err := verified(t, realm, first["access_token"].(string))
	if err != nil || !slices.Contains(claims["realm_access"].(map[string]any)["roles"].([]any), any("auditflow-role")) {
		t.Errorf("bob's token: %v, claims %v", err, claims)
	}
	if lifetime := claims["exp"].(float64) - claims["iat"].(float64); lifetime != issuer.AccessLifespan {
		t.Errorf("lifetime: got %v", lifetime)
	}
	refresh := url.Values{
		"grant_type": {"refresh_token"}, "client_id": {issuer.WebClient},
		"refresh_token": {first["refresh_token"].(string)},
	}
	status, second := ask(refresh)
	if status != http.StatusOK || second["session_state"] != first["session_state"] {
		t.Errorf("refresh: got %d, session %v, want %v", status, second["session_state"], first["session_state"])
	}
	status, service := ask(url.Values{
		"grant_type": {"client_credentials"},
		"client_id":  {issuer.ServiceClient}, "client_secret": {issuer.ServiceSecret},
	})
	if status != http.StatusOK || service["refresh_token"] != nil {
		t.Errorf("client_credentials: got %d %v", status, service)
	}
	for _, row := range []struct {
		name   string
		change url.Values
		of     url.Values
		status int
		code   string
	}{
		{"wrong password", url.Values{"password": {"alice"}}, password, 401, "invalid_grant"},
		{"unknown user", url.Values{"username": {"mallory"}}, password, 401, "invalid_grant"},
		{"unknown client", url.Values{"client_id": {"nobody"}}, password, 401, "invalid_client"},
		{"confidential client without secret", url.Values{"client_id": {issuer.ServiceClient}}, password, 401, "invalid_client"},
		{"unknown grant", url.Values{"grant_type": {"magic"}}, password, 400, "unsupported_grant_type"},
		{"an access token for refresh token", url.Values{"refresh_token": {first["access_token"].(string)}}, refresh, 400, "invalid_grant"},
		{"a refresh token by a stranger", url.Values{"refresh_token": {realm.Refresh("bob").Forged(issuer.HMAC("HS512", []byte("guess"))).String()}}, refresh, 400, "invalid_grant"},
		{"an expired refresh token", url.Values{"refresh_token": {realm.Refresh("bob").With("exp", 1).String()}}, refresh, 400, "invalid_grant"},
		{"client without service account", url.Values{"grant_type": {"client_credentials"}}, password, 401, "unauthorized_client"},
	} {
		form := url.Values{}
		for name, v := range row.of {
			form[name] = v
		}
		for name, v := range row.change {
			form[name] = v
		}
		status, body := ask(form)
		if status != row.status || body["error"] != row.code || body["access_token"] != nil {
			t.Errorf("%s: got %d %v, want %d %s", row.name, status, body, row.status, row.code)
		}
	}
}

func TestRotationWithOverlapAndWithout(t *testing.T) {
	realm := start(t, issuer.Options{Algorithms: []string{"RS256"}}).Default()
	first := realm.Access("alice").String()
	realm.Rotate()
	second := realm.Access("alice").String()
	for name, token := range map[string]string{"before": first, "after": second} {
		if _, err := verified(t, realm, token); err != nil {
			t.Errorf("rotation with overlap, token from %s: %v", name, err)
		}
	}
	realm.Replace()
	third := realm.Access("alice").String()
	if _, err := verified(t, realm, third); err != nil {
		t.Errorf("after a replacement: %v", err)
	}
	if _, err := verified(t, realm, second); err == nil {
		t.Error("the replaced key is still published")
	}
	if _, err := verified(t, realm, first); err != nil {
		t.Errorf("the passive key went with the replaced one: %v", err)
	}
	realm.Remove(realm.Active().ID)
	if _, err := verified(t, realm, third); err == nil {
		t.Error("the removed key is still published")
	}
	if got := realm.Keys()[0].Use; got != "enc" {
		t.Errorf("first key after the rotations: use %q, want enc", got)
	}
	seen := map[string]bool{}
	for range 16 { // more than there are fixed keys
		seen[realm.Rotate().ID] = true
	}
	if len(seen) != 16 {
		t.Errorf("16 rotations gave %d keys", len(seen))
	}
	if len(keySet(t, realm).Keys) != len(realm.Keys()) {
		t.Error("not all keys are published")
	}
}

func TestDownRefusesAndUpComesBackOnTheSamePort(t *testing.T) {
	iss := start(t, issuer.Options{})
	realm := iss.Default()
	release := realm.Hold(issuer.Certs)
	waiting := make(chan error, 1)
	go func() {
		res, err := http.Get(realm.Inner(issuer.Certs))
		if err == nil {
			res.Body.Close()
		}
		waiting <- err
	}()
	for realm.Count(issuer.Certs) == 0 {
		time.Sleep(time.Millisecond)
	}
	iss.Down()
	if err := <-waiting; err == nil {
		t.Error("an open request was answered by an issuer that is down")
	}
	if _, err := http.Get(realm.URL()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("while down: got %v, want connection refused", err)
	}
	release()
	for range 3 {
		if err := iss.Up(); err != nil {
			t.Fatal(err)
		}
		if status, _ := get(t, realm.Inner(issuer.Certs)); status != http.StatusOK {
			t.Errorf("after coming back: got %d", status)
		}
		iss.Down()
	}
}

func TestAnswers(t *testing.T) {
	iss := start(t, issuer.Options{})
	realm := iss.Default()
	client := &http.Client{
		Timeout:       300 * time.Millisecond,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for _, row := range []struct {
		name   string
		answer issuer.Answer
		status int // 0: no answer
		body   string
		fails  bool // reading the body fails
	}{
		{"status", issuer.Status(500), 500, "Internal Server Error\n", false},
		{"HTML", issuer.HTML(), 200, "<!doctype html><title>Sign in</title><p>Please sign in.", false},
		{"empty", issuer.Empty(), 200, "", false},
		{"own body", issuer.Body("application/json", []byte("nonsense")), 200, "nonsense", false},
		{"redirect", issuer.Redirect("http://localhost:1/"), 302, "", false},
		{"abort", issuer.Abort(), 0, "", true},
		{"hang", issuer.Hang(), 0, "", true},
		{"truncated", issuer.Truncated(), 200, "", true},
		{"drip", issuer.Drip(10 * time.Millisecond), 200, "", true},
	} {
		realm.Answer(issuer.Certs, row.answer)
		res, err := client.Get(realm.Inner(issuer.Certs))
		if row.status == 0 {
			if err == nil {
				t.Errorf("%s: got %d, want no answer", row.name, res.StatusCode)
				res.Body.Close()
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != row.status || (err != nil) != row.fails {
			t.Errorf("%s: got %d and error %v", row.name, res.StatusCode, err)
		}
		if row.body != "" && string(body) != row.body {
			t.Errorf("%s: got body %q, want %q", row.name, body, row.body)
		}
	}

	realm.Answer(issuer.Certs, issuer.Huge(5<<20))
	if _, body := get(t, realm.Inner(issuer.Certs)); len(body) < 5<<20 || !json.Valid(body) {
		t.Errorf("huge: got %d bytes", len(body))
	}

	realm.Answer(issuer.Certs, issuer.Delay(50*time.Millisecond))
	began := time.Now()
	keySet(t, realm)
	if took := time.Since(began); took < 50*time.Millisecond {
		t.Errorf("delay: answered after %s", took)
	}

	realm.Answer(issuer.Certs, issuer.First(2, issuer.Status(503)))
	for n, want := range []int{503, 503, 200} {
		if status, _ := get(t, realm.Inner(issuer.Certs)); status != want {
			t.Errorf("first: request %d got %d, want %d", n, status, want)
		}
	}

	realm.PublishRaw([]byte(`{"keys":[]}`))
	realm.EditDiscovery(func(d map[string]any) { d["issuer"] = "https://wrong.example" })
	if got := getJSON(t, realm.Inner(issuer.Discovery))["issuer"]; got != "https://wrong.example" {
		t.Errorf("edited discovery: got issuer %v", got)
	}
	if n := len(keySet(t, realm).Keys); n != 0 {
		t.Errorf("raw JWKS: got %d keys", n)
	}
	old := realm.Inner(issuer.Certs)
	realm.MoveCerts("/keys")
	if status, _ := get(t, old); status != http.StatusNotFound || realm.Inner(issuer.Certs) == old {
		t.Errorf("moved certs: the old address answers %d", status)
	}
	if moved := getJSON(t, realm.Inner(issuer.Discovery))["jwks_uri"]; moved != realm.Inner(issuer.Certs) {
		t.Errorf("moved certs: discovery names %v", moved)
	}
	realm.Restore()
	if got := getJSON(t, realm.Inner(issuer.Discovery))["issuer"]; got != realm.URL() {
		t.Errorf("restored discovery: got issuer %v", got)
	}
	if len(keySet(t, realm).Keys) != len(realm.Keys()) {
		t.Error("restore left the raw JWKS")
	}
}

func TestHoldAnswersAllWaitersAtOnce(t *testing.T) {
	realm := start(t, issuer.Options{}).Default()
	release := realm.Hold(issuer.Certs)
	var wg sync.WaitGroup
	statuses := make(chan int, 20)
	for range cap(statuses) {
		wg.Go(func() {
			res, err := http.Get(realm.Inner(issuer.Certs))
			if err != nil {
				t.Error(err)
				return
			}
			res.Body.Close()
			statuses <- res.StatusCode
		})
	}
	for realm.Count(issuer.Certs) < cap(statuses) {
		time.Sleep(time.Millisecond)
	}
	if len(statuses) != 0 {
		t.Errorf("%d were answered before the release", len(statuses))
	}
	release()
	release()
	wg.Wait()
	if len(statuses) != cap(statuses) {
		t.Errorf("%d of %d were answered", len(statuses), cap(statuses))
	}
	if peak := realm.Peak(issuer.Certs); peak != cap(statuses) {
		t.Errorf("peak: got %d, want %d", peak, cap(statuses))
	}
	realm.ResetCounts()
	for range 3 {
		get(t, realm.Inner(issuer.Discovery))
	}
	if peak := realm.Peak(issuer.Discovery); peak != 1 {
		t.Errorf("peak of requests one after the other: got %d, want 1", peak)
	}
}

func TestTimesAreKept(t *testing.T) {
	realm := start(t, issuer.Options{}).Default()
	for range 3 {
		get(t, realm.Inner(issuer.Certs))
	}
	times := realm.Asked(issuer.Certs)
	if !slices.IsSortedFunc(times, time.Time.Compare) || len(times) != 3 {
		t.Errorf("times asked: %v", times)
	}
}

func TestTLSWithOwnCAAndHTTP2(t *testing.T) {
	iss := start(t, issuer.Options{TLS: true})
	realm := iss.Default()
	request := func(caFile string) error {
		pem, err := os.ReadFile(caFile)
		if err != nil {
			return err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return errors.New("no PEM")
		}
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
		defer transport.CloseIdleConnections()
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, realm.Inner(issuer.Certs), nil)
		if err != nil {
			return err
		}
		res, err := transport.RoundTrip(req)
		if err != nil {
			return err
		}
		return res.Body.Close()
	}
	if err := request(iss.CAFile); err != nil {
		t.Fatal(err)
	}
	if iss.Protocol("HTTP/2.0") != 1 {
		t.Error("HTTP/2 is not offered")
	}
	wrong, err := iss.WrongCA()
	if err != nil {
		t.Fatal(err)
	}
	var unknown x509.UnknownAuthorityError
	if err := request(wrong); !errors.As(err, &unknown) {
		t.Errorf("wrong CA: got %v, want an unknown authority", err)
	}
	old, err := os.ReadFile(iss.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := iss.RenewTLS(); err != nil {
		t.Fatal(err)
	}
	if err := request(iss.CAFile); err != nil {
		t.Errorf("after the renewal: %v", err)
	}
	if err := os.WriteFile(wrong, old, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := request(wrong); !errors.As(err, &unknown) {
		t.Errorf("old CA after the renewal: got %v, want an unknown authority", err)
	}
}

func TestPublicNameDiffersFromInnerAddress(t *testing.T) {
	for _, row := range []struct {
		inner bool
		jwks  func(*issuer.Realm) string
	}{
		{false, func(*issuer.Realm) string {
			return "https://sso.example.org/realms/labs64io/protocol/openid-connect/certs"
		}},
		{true, func(r *issuer.Realm) string { return r.Inner(issuer.Certs) }},
	} {
		iss := start(t, issuer.Options{PublicURL: "https://sso.example.org", InnerLinks: row.inner})
		realm := iss.Default()
		document := getJSON(t, realm.Inner(issuer.Discovery))
		if document["issuer"] != "https://sso.example.org/realms/labs64io" || iss.URL != document["issuer"] {
			t.Errorf("issuer: got %v and %s", document["issuer"], iss.URL)
		}
		if document["jwks_uri"] != row.jwks(realm) {
			t.Errorf("inner links %v: jwks_uri is %v", row.inner, document["jwks_uri"])
		}
	}
}

func TestOnlyLoopback(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "localhost:0", "192.0.2.1:0"} {
		if iss, err := issuer.Start(issuer.Options{Addr: addr}); err == nil {
			iss.Close()
			t.Errorf("%q: listens", addr)
		}
	}
}

func equal(a, b any) bool {
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && string(x) == string(y)
}
