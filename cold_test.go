package authproxy

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestColdWayAgrees: where no tokens are remembered, each token gets the answer that
// the whole way gives it, and the service sees the same user.
func TestColdWayAgrees(t *testing.T) {
	is := newTestIssuer(t)
	c := is.config()
	c.TokenCacheSize = 0
	c.RoleMapping["/api/v1/either"] = []string{"other", "auditflow-role"}
	h, b := build(t, c)
	whole := &middleware{gate: gateOf(t, c), next: b}
	good := "Bearer " + is.good(nil)
	rows := []coldRow{
		{"second role of two", "/api/v1/either", http.Header{"Authorization": {good}}},
		{"with a query", "/api/v1/auditflow?x=1", http.Header{"Authorization": {good}}},
		{"two headers", "/api/v1/auditflow", http.Header{"Authorization": {good, good}}},
		{"no header", "/api/v1/auditflow", http.Header{}},
		{"an empty header", "/api/v1/auditflow", http.Header{"Authorization": {""}}},
		{"in small letters", "/api/v1/auditflow", http.Header{"Authorization": {"bearer" + good[6:]}}},
		{"two blanks", "/api/v1/auditflow", http.Header{"Authorization": {"Bearer " + good[6:]}}},
		{"another role", "/api/v1/admin", http.Header{"Authorization": {good}}},
		{"no rule", "/nowhere", http.Header{"Authorization": {good}}},
		{"public", "/public/a", http.Header{"X-User-Id": {"me"}}},
		{"public with a token", "/public/a", http.Header{"Authorization": {good}}},
		{"spoofed", "/api/v1/auditflow", http.Header{"Authorization": {good}, "X_user_id": {"me"}}},
		{"an unusual header", "/api/v1/auditflow", http.Header{"Authorization": {good}, "X-Shop-Id": {"7"}}},
		{"an escape", "/api/v1/%61uditflow", http.Header{"Authorization": {good}}},
	}
	for _, row := range tokenRows(t, is) {
		rows = append(rows, coldRow{row.phrase, "/api/v1/auditflow", http.Header{"Authorization": {"Bearer " + row.token}}})
	}
	for i := 0; i < 3; i++ { // the first waits for the keys, and teaches the path
		eventually(t, h, good[len("Bearer "):], 200, "before")
	}
	for _, row := range rows {
		want := row.askOf(whole, b)
		for i := 0; i < 2; i++ {
			got := row.askOf(h, b)
			if got != want {
				t.Errorf("%s: got %s; want %s", row.phrase, got, want)
			}
		}
	}
}

// coldRow is a request.
type coldRow struct {
	phrase, target string
	header         http.Header
}

// askOf returns all that a handler makes of the request, as text.
func (row coldRow) askOf(h http.Handler, b *backend) string {
	before := b.count()
	b.header = nil
	r := httptest.NewRequest("GET", row.target, nil)
	r.Header = row.header.Clone()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return fmt.Sprintf("%d %q %q, reached %d times with %q", w.Code, w.Header().Get("Www-Authenticate"), w.Body.String(), b.count()-before, b.header)
}

// TestColdWayDecidesAlone: the usual token is not looked at once more, and only the
// usual one.
func TestColdWayDecidesAlone(t *testing.T) {
	verified := countVerifications(t)
	is := newTestIssuer(t)
	c := is.config()
	c.TokenCacheSize = 0
	h, _ := build(t, c)
	good := is.good(nil)
	for i := 0; i < 3; i++ {
		eventually(t, h, good, 200, "before")
	}
	v := gateOf(t, c).verifier
	only := v.only
	v.only = &trustedIssuer{issuer: "nobody", keys: only.keys}
	defer func() { v.only = only }()
	*verified = 0
	if got := send(h, "GET", "/api/v1/auditflow", good).Code; got != 200 {
		t.Errorf("the usual token: got %d, want 200", got)
	}
	if got := send(h, "GET", "/api/v1/auditflow", is.good(map[string]interface{}{"typ": "bearer"})).Code; got != 401 {
		t.Errorf("typ in small letters: got %d by the issuer's name, want 401", got)
	}
	if *verified != 2 {
		t.Errorf("%d signatures checked for 2 tokens", *verified)
	}
}
