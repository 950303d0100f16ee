package authproxy

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestWay tells the way of a request by the answers: each row says how it deviates
// from an allowed one.
func TestWay(t *testing.T) {
	is := newTestIssuer(t)
	h, b := build(t, is.config())
	const realm = `Bearer realm="test"`
	const bad = realm + `, error="invalid_token"`
	rows := []struct {
		phrase    string
		method    string
		target    string
		token     string
		status    int
		challenge string
	}{
		{"a role that suffices", "GET", "/api/v1/auditflow/1", is.good(nil), 200, ""},
		{"the same token again, from memory", "GET", "/api/v1/auditflow/1", is.good(nil), 200, ""},
		{"with a query", "GET", "/api/v1/auditflow/1?a=b", is.good(nil), 200, ""},
		{"a role that does not", "GET", "/api/v1/admin/1", is.good(nil), 403, realm + `, error="insufficient_scope"`},
		{"no token", "GET", "/api/v1/admin", "", 401, realm},
		{"no token on a public path", "GET", "/public/x", "", 200, ""},
		{"garbage on a public path", "GET", "/public/x", "garbage", 200, ""},
		{"garbage", "GET", "/api/v1/admin", "garbage", 401, bad},
		{"no rule for the path", "GET", "/elsewhere", is.good(nil), 403, realm + `, error="insufficient_scope"`},
		{"no rule and no token", "GET", "/elsewhere", "", 401, realm},
		{"no segment boundary", "GET", "/publicity", "", 401, realm},
		{"an encoded slash cannot escape", "GET", "/public/..%2fapi/v1/admin", "", 401, realm},
		{"expired", "GET", "/api/v1/auditflow", is.good(map[string]interface{}{"exp": 1700000000}), 401, bad},
		{"no exp", "GET", "/api/v1/auditflow", is.good(map[string]interface{}{"exp": nil}), 401, bad},
		{"an ID token", "GET", "/api/v1/auditflow", is.good(map[string]interface{}{"typ": "ID"}), 401, bad},
		{"a foreign issuer", "GET", "/api/v1/auditflow", is.good(map[string]interface{}{"iss": "https://other.example"}), 401, bad},
		{"another audience", "GET", "/api/v1/auditflow", is.good(map[string]interface{}{"aud": "other"}), 401, bad},
		{"HEAD is refused alike", "HEAD", "/api/v1/admin", "", 401, realm},
	}
	for _, row := range rows {
		before := b.count()
		w := send(h, row.method, row.target, row.token)
		reached := b.count() - before
		want := 0
		if row.status == 200 {
			want = 1
		}
		if w.Code != row.status || reached != want || w.Header().Get("WWW-Authenticate") != row.challenge {
			t.Errorf("%s: got %d, reached %d times, challenge %q; want %d, %d, %q",
				row.phrase, w.Code, reached, w.Header().Get("WWW-Authenticate"), row.status, want, row.challenge)
		}
		if row.status != 200 && w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: the refusal may be stored", row.phrase)
		}
		if row.method == "HEAD" && w.Body.Len() != 0 {
			t.Errorf("%s: an answer to HEAD has a body", row.phrase)
		}
	}
}

func TestIdentityIsTheTokens(t *testing.T) {
	is := newTestIssuer(t)
	h, b := build(t, is.config())
	token := is.good(nil)
	for _, target := range []string{"/api/v1/auditflow", "/api/v1/auditflow", "/public"} {
		for _, name := range []string{"X-User-Id", "X_User_Id", "x.user.id", "X-USER_ID", "X!User~Id"} {
			r := httptest.NewRequest("GET", target, nil)
			r.Header = http.Header{"Authorization": {"Bearer " + token}, name: {"admin"}, "X-Other": {"stays"}, "X-Real-Ip": {"1.2.3.4"}}
			h.ServeHTTP(httptest.NewRecorder(), r)
			want := "user-1"
			if target == "/public" {
				want = ""
			}
			if got := b.header.Get("X-User-Id"); got != want {
				t.Errorf("%s with %s: the service sees X-User-Id %q, want %q", target, name, got, want)
			}
			if name != "X-User-Id" && b.header[name] != nil {
				t.Errorf("%s: %s reaches the service", target, name)
			}
			if b.header.Get("X-Other") != "stays" || b.header.Get("X-Real-Ip") == "" {
				t.Errorf("%s: another header was lost", target)
			}
		}
	}
}
