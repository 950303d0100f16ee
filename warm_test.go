package authproxy

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// gateOf is the gate that build's middleware uses.
func gateOf(t *testing.T, c *Config) *gate {
	t.Helper()
	g, err := shared.join(context.Background(), c, t.Name())
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestTokenIsVerifiedOnce: a token costs one verification, however often and on
// however many routers and paths it is used.
func TestTokenIsVerifiedOnce(t *testing.T) {
	verified := countVerifications(t)
	is := newTestIssuer(t)
	c := is.config()
	other := is.config()
	other.RoleMapping = map[string][]string{"/": {"auditflow-role"}}
	token := is.good(nil)
	for _, config := range []*Config{c, other, c} {
		h, _ := build(t, config)
		for _, target := range []string{"/api/v1/auditflow", "/api/v1/auditflow/1", "/api/v1/auditflow/1?q"} {
			for i := 0; i < 3; i++ {
				if got := send(h, "GET", target, token).Code; got != 200 {
					t.Fatalf("%s: got %d, want 200", target, got)
				}
			}
		}
	}
	if gateOf(t, c).verifier != gateOf(t, other).verifier {
		t.Error("equal settings do not share a verifier")
	}
	if *verified != 1 {
		t.Errorf("verified %d times, want once", *verified)
	}
}

// countVerifications counts the signatures by RS256 that are checked from now on by
// verifiers that are not there yet.
func countVerifications(t *testing.T) *int {
	n := 0
	check := signatureChecks["RS256"]
	signatureChecks["RS256"] = func(signed string, signature []byte, key interface{}) error {
		n++
		return check(signed, signature, key)
	}
	t.Cleanup(func() { signatureChecks["RS256"] = check })
	return &n
}

func TestCacheTurnedOff(t *testing.T) {
	verified := countVerifications(t)
	is := newTestIssuer(t)
	c := is.config()
	c.TokenCacheSize = 0
	h, _ := build(t, c)
	token := is.good(nil)
	for i := 0; i < 3; i++ {
		if got := send(h, "GET", "/api/v1/auditflow", token).Code; got != 200 {
			t.Fatalf("got %d, want 200", got)
		}
	}
	if *verified != 3 {
		t.Errorf("verified %d times, want 3", *verified)
	}
}

// TestTokenDiesOnTime: a token that is known by heart ends with exp plus leeway.
func TestTokenDiesOnTime(t *testing.T) {
	is := newTestIssuer(t)
	c := is.config()
	c.Leeway = "0s"
	h, _ := build(t, c)
	token := is.good(map[string]interface{}{"exp": time.Now().Unix() + 2})
	for i := 0; i < 3; i++ {
		if got := send(h, "GET", "/api/v1/auditflow", token).Code; got != 200 {
			t.Fatalf("before: got %d, want 200", got)
		}
	}
	eventually(t, h, token, 401, "after exp")
}

// TestEndingTokensAreNotKnownByHeart: what is known by heart is not asked for its time,
// so it must leave well before.
func TestEndingTokensAreNotKnownByHeart(t *testing.T) {
	is := newTestIssuer(t)
	c := is.config()
	c.Leeway = "0s"
	h, _ := build(t, c)
	path := "/api/v1/auditflow"
	g := gateOf(t, c)
	byHeart := func(token string) bool {
		return g.warm.byHeart.Load().(map[string]map[string]string)["Bearer "+token][path] != ""
	}
	end := time.Now().Add(soon + 2*sweepByHeart).Truncate(time.Second)
	ending := is.good(map[string]interface{}{"exp": end.Unix()})
	lasting := is.good(nil)
	over := is.good(map[string]interface{}{"exp": time.Now().Add(soon - time.Second).Unix()})
	for _, token := range []string{ending, lasting, over} {
		for i := 0; i < 4; i++ {
			if got := send(h, "GET", path, token).Code; got != 200 {
				t.Fatalf("got %d, want 200", got)
			}
		}
	}
	if !byHeart(ending) || !byHeart(lasting) || byHeart(over) {
		t.Fatalf("by heart: %v, %v and %v; want true, true and false", byHeart(ending), byHeart(lasting), byHeart(over))
	}
	for byHeart(ending) {
		if left := time.Until(end); left < sweepByHeart/2 {
			t.Fatalf("a token is known by heart, %v before its end", left)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if got := send(h, "GET", path, ending).Code; got != 200 {
		t.Errorf("no longer by heart: got %d, want 200", got)
	}
	if !byHeart(lasting) {
		t.Error("a token that does not end soon has gone, too")
	}
	eventually(t, h, ending, 401, "after exp")
}

// TestManyAtOnce: among tokens that come and end on all sides, each request speaks for
// its own user, none passes past its end and none is refused before.
func TestManyAtOnce(t *testing.T) {
	is := newTestIssuer(t)
	c := is.config()
	c.Leeway = "0s"
	c.JWKSRefresh = "300ms"
	c.Headers = map[string]string{"X-Client": "azp"}
	h, err := New(context.Background(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-User-Id") != r.Header.Get("Want") || r.Header.Get("X-Client") != "web" || r.Header["X_user_id"] != nil {
			t.Errorf("the service sees %q", r.Header)
		}
	}), c, "test@file")
	if err != nil {
		t.Fatal(err)
	}
	stop := time.Now().Add(soon)
	var signing sync.Mutex
	var all sync.WaitGroup
	visitor := func(name string, life int64) {
		defer all.Done()
		for n := 0; time.Now().Before(stop); n++ {
			user := fmt.Sprintf("%s-%d", name, n)
			end := time.Unix(time.Now().Unix()+life, 0)
			signing.Lock()
			token := is.good(map[string]interface{}{"sub": user, "exp": end.Unix()})
			signing.Unlock()
			for i := 0; time.Now().Before(end.Add(100 * time.Millisecond)); i++ {
				r := httptest.NewRequest("GET", fmt.Sprintf("/api/v1/auditflow/%d", i%7), nil)
				r.Header.Set("Authorization", "Bearer "+token)
				r.Header.Set("Want", user)
				if i%3 == 0 {
					r.Header["X_user_id"] = []string{"me"}
				}
				began := time.Now()
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Code == 200 && began.After(end) {
					t.Errorf("%s passed %v past its end", user, began.Sub(end))
				}
				if w.Code != 200 && time.Now().Before(end) {
					t.Errorf("%s got %d, %v before its end", user, w.Code, time.Until(end))
				}
				time.Sleep(time.Millisecond)
			}
		}
	}
	lives := map[string]int64{"ann": 1, "bob": 2, "cy": int64(soon/time.Second) + 2, "dee": int64(soon/time.Second) + 3}
	for name, life := range lives {
		all.Add(1)
		go visitor(name, life)
	}
	all.Wait()
}

// TestStandstillOfTheSweeper: where nobody sweeps, nobody is known by heart; when the
// sweeper is back, so are they.
func TestStandstillOfTheSweeper(t *testing.T) {
	is := newTestIssuer(t)
	c := is.config()
	h, _ := build(t, c)
	path := "/api/v1/auditflow"
	token := is.good(nil)
	for i := 0; i < 4; i++ {
		if got := send(h, "GET", path, token).Code; got != 200 {
			t.Fatalf("got %d, want 200", got)
		}
	}
	table := gateOf(t, c).warm
	known := func() int { return len(table.byHeart.Load().(map[string]map[string]string)) }
	if known() == 0 {
		t.Fatal("a token is not known by heart after a few requests")
	}
	waitFor := func(want int, phrase string) {
		for end := time.Now().Add(3 * standstill); known() != want; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: %d tokens known by heart, want %d", phrase, known(), want)
			}
		}
	}
	table.mu.Lock()
	waitFor(0, "a sweep that hangs")
	if got := send(h, "GET", path, token).Code; got != 200 {
		t.Errorf("by the clock: got %d, want 200", got)
	}
	table.mu.Unlock()
	waitFor(1, "the sweep goes on")
	table.forget()
	waitFor(0, "forgotten")
	for end := time.Now().Add(3 * sweepByHeart); ; time.Sleep(10 * time.Millisecond) {
		table.mu.Lock()
		ended := table.sweeper == nil
		table.mu.Unlock()
		if ended {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the sweeper goes on with nothing to do")
		}
	}
}

// TestRefusedTokensAreNotRemembered: they must not push out what is good.
func TestRefusedTokensAreNotRemembered(t *testing.T) {
	verified := countVerifications(t)
	is := newTestIssuer(t)
	c := is.config()
	c.TokenCacheSize = 4
	h, _ := build(t, c)
	good := is.good(nil)
	eventually(t, h, good, 200, "before")
	for i := 0; i < 50; i++ {
		send(h, "GET", "/api/v1/auditflow", is.good(map[string]interface{}{"typ": "ID", "jti": fmt.Sprint(i)}))
		send(h, "GET", "/api/v1/auditflow", fmt.Sprintf("garbage%d", i))
	}
	*verified = 0
	if got := send(h, "GET", "/api/v1/auditflow", good).Code; got != 200 {
		t.Errorf("got %d, want 200", got)
	}
	if *verified != 0 {
		t.Error("the good token was pushed out")
	}
}

func TestCacheIsBounded(t *testing.T) {
	m := newMemo(10, 1<<20)
	always := func() bool { return true }
	for i := 0; i < 1000; i++ {
		m.store(fmt.Sprint(i), i, 10, always)
	}
	if got := entries(m); got > 10 {
		t.Errorf("%d entries, want at most 10", got)
	}
	m = newMemo(1000, 1000)
	for i := 0; i < 1000; i++ {
		m.store(fmt.Sprint(i), i, 100, always)
	}
	if got := entries(m); got > 10 {
		t.Errorf("%d entries of 100 bytes, want at most 10", got)
	}
	m.store("x", 1, 1, func() bool { return false })
	if _, ok := m.table.Load("x"); ok {
		t.Error("what no longer holds was stored")
	}
	m.clear()
	if got := entries(m); got != 0 {
		t.Errorf("%d entries after clear", got)
	}
}

func entries(m *memo) int {
	n := 0
	m.table.Range(func(_, _ interface{}) bool { n++; return true })
	return n
}

// TestWarmTableFollowsItsSources: what the cache drops for room is not kept by
// heart either, so that the cache's bound is the bound.
func TestWarmTableFollowsItsSources(t *testing.T) {
	is := newTestIssuer(t)
	c := is.config()
	c.TokenCacheSize = 20
	h, _ := build(t, c)
	for i := 0; i < 200; i++ {
		token := is.good(map[string]interface{}{"jti": fmt.Sprint(i)})
		target := fmt.Sprintf("/api/v1/auditflow/%d", i)
		for n := 0; n < 3; n++ {
			if got := send(h, "GET", target, token).Code; got != 200 {
				t.Fatalf("got %d, want 200", got)
			}
		}
	}
	g := gateOf(t, c)
	if got := entries(g.verifier.cache.memo); got > 20 {
		t.Errorf("%d tokens remembered, want at most 20", got)
	}
	if got := len(g.warm.regulars.Load().(map[string]*regular)); got > 20 {
		t.Errorf("%d tokens by heart, want at most 20", got)
	}
}

// TestWarmTableIsBounded: a flood of paths, and of tokens on many paths, leaves the
// newest in a table of bounded size.
func TestWarmTableIsBounded(t *testing.T) {
	table := newWarmTable(&policy{})
	now := time.Now()
	for i := 0; i < 3*maxWarmPaths; i++ {
		table.learnt[fmt.Sprintf("/p/%d", i)] = &route{public: true}
		if i%500 == 0 {
			now = now.Add(publishEvery)
			table.publishDue(now)
		}
	}
	table.learnt["/last"] = &route{public: true}
	table.publishDue(now.Add(publishEvery))
	known := table.paths.Load().(*knownPaths)
	routes := known.routes
	if len(routes) > maxWarmPaths || routes["/last"] == nil {
		t.Errorf("%d paths, want at most %d with the newest", len(routes), maxWarmPaths)
	}
	if len(known.public) != len(routes) || !known.public["/last"] {
		t.Errorf("%d of %d paths are known to be public, want all", len(known.public), len(routes))
	}

	most := 0
	for i := 0; i < 4*maxRegularBytes/regularBytes; i++ {
		p := &principal{user: "me", credential: fmt.Sprintf("Bearer %d", i/4)}
		table.add(p, fmt.Sprintf("/p/%d", i), now)
		if table.regularBytes > most {
			most = table.regularBytes
		}
	}
	if most < maxRegularBytes || most > maxRegularBytes+10*regularBytes {
		t.Errorf("%d bytes at most, want about %d", most, maxRegularBytes)
	}
	last := &principal{user: "me", credential: "Bearer last"}
	for i := 0; i < 2; i++ {
		now = now.Add(emptyEvery)
		table.add(last, "/a", now)
		table.add(last, "/b", now)
		table.publishDue(now)
	}
	one := table.regulars.Load().(map[string]*regular)["Bearer last"]
	if one == nil || one.paths["/a"] != "me" || one.paths["/b"] != "me" {
		t.Errorf("the newest token is known as %v", one)
	}
}

// TestCacheTakesBoundedMemory: a flood of good tokens leaves so much in memory and no
// more.
func TestCacheTakesBoundedMemory(t *testing.T) {
	is := newTestIssuer(t)
	c := is.config()
	h, _ := build(t, c)
	eventually(t, h, is.good(nil), 200, "before")
	g := gateOf(t, c)
	known := &knownHead{source: g.verifier.only.keys, key: g.verifier.only.keys.usable().keys[0]}
	text, err := json.Marshal(is.claims())
	if err != nil {
		t.Fatal(err)
	}
	before := heapAfterGC()
	rt := &route{serial: g.routes.policy().serial}
	for i := 0; i < 10*c.TokenCacheSize; i++ {
		credential := fmt.Sprintf("Bearer %01200d", i)
		p := accept(g.verifier, usualClaims(text), g.verifier.only, known, secondsNow(), &attempt{})
		g.verifier.cache.put(credential, p)
		show(g, credential, "/api/v1/auditflow", rt)
	}
	if got := entries(g.verifier.cache.memo); got == 0 || got > c.TokenCacheSize {
		t.Errorf("%d tokens remembered, want some, at most %d", got, c.TokenCacheSize)
	}
	grown := heapAfterGC() - before
	t.Logf("%d tokens left %d KiB behind", 10*c.TokenCacheSize, grown>>10)
	if grown > 32<<20 {
		t.Error("want at most 32 MiB")
	}
}

// TestLongQueriesAreNotKept: a path is a part of the request's first line, and what
// remembers the path must not keep the line.
func TestLongQueriesAreNotKept(t *testing.T) {
	is := newTestIssuer(t)
	h, _ := build(t, is.config())
	token := is.good(nil)
	query := strings.Repeat("q", 1<<20)
	before := heapAfterGC()
	for i := 0; i < 20; i++ {
		for _, format := range []string{"/public/%d?", "/public/a;%d?", "/api/v1/auditflow/%d?"} {
			for n := 0; n < 3; n++ {
				if got := send(h, "GET", fmt.Sprintf(format, i)+query, token).Code; got != 200 {
					t.Fatalf("got %d, want 200", got)
				}
			}
		}
	}
	if grown := heapAfterGC() - before; grown > 10<<20 {
		t.Errorf("%d requests with 1 MiB of query left %d MiB behind", 3*3*20, grown>>20)
	}
}

func heapAfterGC() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestPreflightWithAToken: a preflight speaks for nobody, also where its token is
// known by heart.
func TestPreflightWithAToken(t *testing.T) {
	is := newTestIssuer(t)
	c := is.config()
	c.AllowPreflight = true
	h, b := build(t, c)
	token := is.good(nil)
	for i := 0; i < 4; i++ {
		r := httptest.NewRequest("OPTIONS", "/api/v1/auditflow", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got := b.header.Get("X-User-Id"); got != "user-1" {
			t.Errorf("time %d, not a preflight: X-User-Id is %q", i, got)
		}
		r = httptest.NewRequest("OPTIONS", "/api/v1/auditflow", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Origin", "https://app.example")
		r.Header.Set("Access-Control-Request-Method", "DELETE")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := b.header.Get("X-User-Id"); w.Code != 200 || got != "" {
			t.Errorf("time %d, a preflight: got %d, X-User-Id %q; want 200 and none", i, w.Code, got)
		}
	}
}

// TestWarmTableForgets: neither another policy nor the loss of a key leaves a token
// by heart, and what was seen before does not bring it back.
func TestWarmTableForgets(t *testing.T) {
	is := newTestIssuer(t)
	c := is.config()
	h, _ := build(t, c)
	header := "Bearer " + is.good(nil)
	path := "/api/v1/auditflow"
	g := gateOf(t, c)
	byHeart := func() bool {
		return g.warm.byHeart.Load().(map[string]map[string]string)[header][path] != ""
	}
	visit := func() {
		for i := 0; i < 4; i++ {
			if got := send(h, "GET", path, header[len("Bearer "):]).Code; got != 200 {
				t.Fatalf("got %d, want 200", got)
			}
		}
	}
	visit()
	if !byHeart() {
		t.Fatal("a token is not known by heart after a few requests")
	}
	rt := g.warm.paths.Load().(*knownPaths).routes[path]

	g.verifier.cache.memo.clear()
	if byHeart() {
		t.Error("the cache dropped the token, the gate has it by heart")
	}
	show(g, header, path, rt)
	if byHeart() {
		t.Error("a token came back that the cache no longer has")
	}
	visit()
	found := &findings{}
	g.routes.replace(compilePolicy(nil, policyOptions{}, found))
	if byHeart() {
		t.Error("the policy changed, the gate has the token by heart")
	}
	show(g, header, path, rt)
	if byHeart() {
		t.Error("a token came back by a route of a former policy")
	}
}

// TestPublicPathsFollowThePolicy: a path that is known to be public is so no longer
// than the policy says it, and one that was guarded is not among them.
func TestPublicPathsFollowThePolicy(t *testing.T) {
	is := newTestIssuer(t)
	c := is.config()
	h, b := build(t, c)
	g := gateOf(t, c)
	token := is.good(nil)
	ask := func(target, token string, want int) {
		t.Helper()
		before := b.count()
		got := send(h, "GET", target, token).Code
		if got != want || (b.count()-before == 1) != (want == 200) {
			t.Errorf("%s: got %d, reached %d times; want %d", target, got, b.count()-before, want)
		}
	}
	for i := 0; i < 3; i++ {
		ask("/public/a", "", 200)
		ask("/api/v1/auditflow", token, 200)
		ask("/api/v1/auditflow", "", 401)
	}
	known := g.warm.paths.Load().(*knownPaths)
	rt := known.routes["/public/a"]
	if !known.public["/public/a"] || known.routes["/api/v1/auditflow"] == nil || len(known.public) != 1 {
		t.Fatalf("known to be public: %v of %d paths; want /public/a of 2", known.public, len(known.routes))
	}

	g.routes.replace(compilePolicy(nil, policyOptions{}, &findings{}))
	ask("/public/a", "", 401)
	r := httptest.NewRequest("GET", "/public/a", nil)
	learn(g, r, rt)
	ask("/public/a", "", 401)
}

// TestWarmWayAgreesWithTheWholeWay asks each request three times: the first goes
// the whole way, the others may know it by heart.
func TestWarmWayAgreesWithTheWholeWay(t *testing.T) {
	is := newTestIssuer(t)
	c := is.config()
	c.Headers = map[string]string{"X-Client": "azp", "X-Roles": "roles"}
	c.RoleMapping["/api/v1/either"] = []string{"other", "auditflow-role"}
	c.RoleMapping["/any/of/b"] = []string{"auditflow-role"}
	h, b := build(t, c)
	good := "Bearer " + is.good(nil)
	noUser := "Bearer " + is.good(map[string]interface{}{"sub": nil})
	rows := []struct {
		phrase, target string
		header         http.Header
		status         int
		user           string
	}{
		{"allowed", "/api/v1/auditflow", http.Header{"Authorization": {good}}, 200, "user-1"},
		{"second role of two", "/api/v1/either", http.Header{"Authorization": {good}}, 200, "user-1"},
		{"with a query", "/api/v1/auditflow?x=1", http.Header{"Authorization": {good}}, 200, "user-1"},
		{"with another query", "/api/v1/auditflow?", http.Header{"Authorization": {good}}, 200, "user-1"},
		{"two headers", "/api/v1/auditflow", http.Header{"Authorization": {good, good}}, 400, ""},
		{"no header", "/api/v1/auditflow", http.Header{}, 401, ""},
		{"another role", "/api/v1/admin", http.Header{"Authorization": {good}}, 403, ""},
		{"public", "/public/a", http.Header{"X-User-Id": {"me"}}, 200, ""},
		{"public with a token", "/public/a", http.Header{"Authorization": {good}}, 200, ""},
		{"spoofed", "/api/v1/auditflow", http.Header{"Authorization": {good}, "X_user_id": {"me"}, "X-Client": {"me"}}, 200, "user-1"},
		{"no sub", "/api/v1/auditflow", http.Header{"Authorization": {noUser}, "X-User-Id": {"me"}}, 200, ""},
		{"an escape", "/api/v1/%61uditflow", http.Header{"Authorization": {good}}, 403, ""},
		{"dots", "/public/../api/v1/admin", http.Header{}, 401, ""},
	}
	for _, row := range rows {
		for i := 0; i < 3; i++ {
			before := b.count()
			r := httptest.NewRequest("GET", row.target, nil)
			r.Header = row.header.Clone()
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != row.status || (b.count()-before == 1) != (row.status == 200) {
				t.Errorf("%s, time %d: got %d, reached %d times; want %d", row.phrase, i, w.Code, b.count()-before, row.status)
				continue
			}
			if row.status != 200 {
				continue
			}
			client := "web"
			if row.target == "/public/a" {
				client = ""
			}
			if b.header.Get("X-User-Id") != row.user || b.header.Get("X-Client") != client || b.header["X_user_id"] != nil {
				t.Errorf("%s, time %d: the service sees %q", row.phrase, i, b.header)
			}
		}
	}
}

func TestTrailersCarryNoIdentity(t *testing.T) {
	is := newTestIssuer(t)
	h, _ := build(t, is.config())
	for i := 0; i < 3; i++ {
		r := httptest.NewRequest("GET", "/public", nil)
		r.Trailer = http.Header{"X-User-Id": nil, "Other": nil}
		h.ServeHTTP(httptest.NewRecorder(), r)
		if _, there := r.Trailer["X-User-Id"]; there || len(r.Trailer) != 1 {
			t.Errorf("trailers: %v", r.Trailer)
		}
	}
}

// TestOtherPlacesOfTheToken: a cookie and a query parameter, one token in all.
func TestOtherPlacesOfTheToken(t *testing.T) {
	is := newTestIssuer(t)
	c := is.config()
	c.CookieName = "session"
	c.QueryParam = "access_token"
	c.ForwardAuthorization = false
	h, b := build(t, c)
	good := is.good(nil)
	rows := []struct {
		phrase, header, cookie, query string
		status                        int
	}{
		{"header", good, "", "", 200},
		{"cookie", "", good, "", 200},
		{"query", "", "", good, 200},
		{"header and cookie", good, good, "", 400},
		{"cookie and query", "", good, good, 400},
		{"none", "", "", "", 401},
		{"a bad cookie", "", "x", "", 401},
	}
	for _, row := range rows {
		r := httptest.NewRequest("GET", "/api/v1/auditflow?keep=1&access_token="+row.query, nil)
		if row.header != "" {
			r.Header.Set("Authorization", "Bearer "+row.header)
		}
		r.AddCookie(&http.Cookie{Name: "keep", Value: "me"})
		if row.cookie != "" {
			r.AddCookie(&http.Cookie{Name: "session", Value: row.cookie})
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != row.status {
			t.Errorf("%s: got %d, want %d", row.phrase, w.Code, row.status)
		}
		if row.status == 200 && (b.header.Get("Authorization") != "" || b.header.Get("Cookie") != "keep=me" || b.target != "/api/v1/auditflow?keep=1") {
			t.Errorf("%s: the service sees %q, %v", row.phrase, b.target, b.header)
		}
	}
}

// TestShadowMode decides, logs and lets pass.
func TestShadowMode(t *testing.T) {
	is := newTestIssuer(t)
	c := is.config()
	c.Mode = "shadow"
	h, b := build(t, c)
	for phrase, token := range map[string]string{"none": "", "garbage": "x", "lacking": is.good(nil)} {
		r := httptest.NewRequest("GET", "/api/v1/admin", nil)
		r.Header.Set("X-User-Id", "spoofed")
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		want := ""
		if phrase == "lacking" {
			want = "user-1"
		}
		if w.Code != 200 || b.header.Get("X-User-Id") != want {
			t.Errorf("%s: got %d, X-User-Id %q; want 200, %q", phrase, w.Code, b.header.Get("X-User-Id"), want)
		}
	}
}

// TestKeysOfEveryKind: each algorithm verifies with its key, and with no other.
func TestKeysOfEveryKind(t *testing.T) {
	is := newTestIssuer(t)
	keys := map[string]interface{}{}
	for _, alg := range []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"} {
		keys[alg] = testRSA(t, "k1")
	}
	set := []map[string]interface{}{is.jwk("k1")}
	delete(set[0], "alg")
	set[0]["kid"] = "RSA"
	addCurves(t, keys, &set)
	is.publish(set...)
	h, _ := build(t, is.patient())
	for alg, key := range keys {
		kid := keyKind(alg)
		token := is.token(map[string]interface{}{"alg": alg, "kid": kid}, is.claims(), jwt.GetSigningMethod(alg), key)
		if got := send(h, "GET", "/api/v1/auditflow", token).Code; got != 200 {
			t.Errorf("%s: got %d, want 200", alg, got)
		}
		wrong := is.token(map[string]interface{}{"alg": alg, "kid": otherKind(alg)}, is.claims(), jwt.GetSigningMethod(alg), key)
		if got := send(h, "GET", "/api/v1/auditflow", wrong).Code; got != 401 {
			t.Errorf("%s under another key's kid: got %d, want 401", alg, got)
		}
	}
}

func keyKind(alg string) string {
	if alg[0] == 'R' || alg[0] == 'P' {
		return "RSA"
	}
	return alg
}

func otherKind(alg string) string {
	if keyKind(alg) == "RSA" {
		return "EdDSA"
	}
	return "RSA"
}

// TestWarmWayAllocates: a token that is known by heart costs two allocations, the list
// for the user's header and what Header.WriteSubset wraps its writer in; in the
// interpreter the places in the closure's text, too.
func TestWarmWayAllocates(t *testing.T) {
	is := newTestIssuer(t)
	reached := 0
	h, err := New(context.Background(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { reached++ }), is.config(), "test@file")
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/api/v1/auditflow", nil)
	r.Header.Set("Authorization", "Bearer "+is.good(nil))
	w := httptest.NewRecorder()
	ask := func() {
		delete(r.Header, "X-User-Id")
		h.ServeHTTP(w, r)
	}
	for i := 0; i < 100; i++ { // the first wait for the keys, and teach the tables
		ask()
	}
	empty := testing.AllocsPerRun(100, func() { doNothing(r) })
	reached = 0
	allocations := testing.AllocsPerRun(100, ask)
	if reached != 101 { // once before it counts
		t.Fatalf("reached %d times, want 101: got %d", reached, w.Code)
	}
	// Under the race detector a pool of the standard library's forgets now and then.
	most := 2.0
	if empty > 0 {
		most = 100 // the interpreter allocates for the test's own functions, too
	}
	t.Logf("%v allocations a request", allocations)
	if allocations > most {
		t.Errorf("%v allocations a request, want at most %v", allocations, most)
	}
}

func doNothing(r *http.Request) {}
