package authproxy

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"sort"
	"strings"
	"testing"
)

// TestReadings lists spellings and what some backend may take them for; the reading
// that matters must be among those found.
func TestReadings(t *testing.T) {
	rows := []struct{ raw, reading string }{
		{"/a/b", "/a/b"},
		{"/%61dmin", "/admin"},
		{"/%2561dmin", "/admin"},
		{"/%252561dmin", "/admin"},
		{"/public/../admin", "/admin"},
		{"/public/%2e%2e/admin", "/admin"},
		{"/public/.%2E/admin", "/admin"},
		{"/public/..%2fadmin", "/admin"},
		{"/public/..%252fadmin", "/admin"},
		{"/public%2f..%2fadmin", "/admin"},
		{"/public/%252e%252e/admin", "/admin"},
		{"/public\\..\\admin", "/admin"},
		{"/public/..%5cadmin", "/admin"},
		{"/public/..%255cadmin", "/admin"},
		{"/public/..;/admin", "/admin"},
		{"/public/..;a=b/admin", "/admin"},
		{"/public/%2e%2e%3b/admin", "/admin"},
		{"/admin;x=1/users", "/admin/users"},
		{"/admin;/users", "/admin"},
		{"//admin", "/admin"},
		{"/./admin", "/admin"},
		{"/public//../admin", "/public/admin"},
		{"/public//../admin", "/admin"},
		{"/admin.", "/admin"},
		{"/admin./users", "/admin/users"},
		{"/admin%20/users", "/admin/users"},
		{"/admin%00.png", "/admin"},
		{"/ad%0amin", "/admin"},
		{"/ad%09min", "/admin"},
		{"/admin%3fx", "/admin"},
		{"/admin%23x", "/admin"},
		{"/public/%c0%ae%c0%ae/admin", "/admin"},
		{"/public/..%c0%afadmin", "/admin"},
		{"/public/..%e0%80%afadmin", "/admin"},
		{"/public/..%25u002fadmin", "/admin"},
		{"/public/..%ef%bc%8fadmin", "/admin"},
		{"/public/%ef%bc%8e%ef%bc%8e/admin", "/admin"},
		{"/public/..%e2%88%95admin", "/admin"},
		{"//public/admin", "/admin"},
		{"/public/..%20/admin", "/admin"},
		{"/public/.../admin", "/admin"},
		{"/%5cpublic/admin", "/admin"},
		{"/%2f%2fpublic/admin", "/admin"},
		{"/api/%20admin/x", "/api/admin/x"},
		{"/api/%20/admin", "/api/admin"},
		{"/%61dmin", "/%61dmin"}, // to a backend that routes on the undecoded path
		{"/caf%C3%A9", "/café"},
		{"/a%20b", "/a b"},
	}
	for _, row := range rows {
		found, err := readings(row.raw, false)
		if err != nil {
			t.Errorf("%s: %v", row.raw, err)
			continue
		}
		has := false
		for _, p := range found {
			if p == row.reading {
				has = true
			}
		}
		if !has {
			t.Errorf("%s: got %q, want %q among them", row.raw, found, row.reading)
		}
	}
}

// TestOrdinaryPathsHaveOneReading: what people use every day costs nothing.
func TestOrdinaryPathsHaveOneReading(t *testing.T) {
	for _, raw := range []string{
		"/", "/a", "/a/", "/a-b_c~d/e.f", "/users/me@example.com", "/a:b", "/a+b", "/a,b=c&d!e$f'g(h)*i",
		"/" + strings.Repeat("0123456789abcdef", 1000),
	} {
		found, err := readings(raw, false)
		if err != nil || len(found) != 1 || found[0] != raw {
			t.Errorf("%.40s: got %.80q, %v; want itself alone", raw, found, err)
		}
	}
	for raw, want := range map[string]string{
		"/caf%C3%A9/%E6%97%A5": "/café/日",
		"/a%20b":               "/a b",
		"/100%25":              "/100%",
		"/.well-known/x":       "/.well-known/x",
	} {
		found, err := readings(raw, false)
		if err != nil || found[0] != want {
			t.Errorf("%s: got %q, %v; want %q first", raw, found, err, want)
		}
	}
}

func TestUnreadablePaths(t *testing.T) {
	for _, raw := range []string{
		"", "a", "*", "/%", "/%2", "/%zz", "/a%u002f", "/" + strings.Repeat("%2e", 5000), "/" + strings.Repeat("/.", 400),
	} {
		_, err := readings(raw, false)
		if err != errBadPath {
			t.Errorf("%.40s: got %v, want %v", raw, err, errBadPath)
		}
	}
}

// TestReadingsAreClosed: reading a reading again yields nothing new, so no order of
// liberties was forgotten.
func TestReadingsAreClosed(t *testing.T) {
	for _, raw := range []string{"/a/..%252f;x/b\\.%2e/c", "/p%2f%2e%2e//q;r/../s.%00t", "/x%25%32%65%25%32%65/y"} {
		found, err := readings(raw, false)
		if err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		sort.Strings(found)
		for _, p := range found {
			for _, q := range appendTransformed(nil, p) {
				at := sort.SearchStrings(found, q)
				if q != "" && (at == len(found) || found[at] != q) {
					t.Errorf("%s: %q leads to %q, which was not found", raw, p, q)
				}
			}
		}
	}
}

func TestForwardedPath(t *testing.T) {
	rows := []struct{ phrase, uri, raw, other string }{
		{"plain", "/a/b", "/a/b", ""},
		{"with a query", "/a?b=/c", "/a", ""},
		{"encoded", "/a%2Fb", "/a%2Fb", ""},
		{"absolute form", "http://host/a?b", "/a", ""},
		{"absolute form without a path", "http://host", "/", ""},
	}
	for _, row := range rows {
		u, err := url.Parse(row.uri)
		if err != nil {
			t.Fatal(err)
		}
		r := &http.Request{RequestURI: row.uri, URL: u}
		raw, other := forwardedPath(r)
		if raw != row.raw || other != row.other {
			t.Errorf("%s: got %q, %q; want %q, %q", row.phrase, raw, other, row.raw, row.other)
		}
	}
	r := httptest.NewRequest("GET", "/public/x", nil)
	r.URL.Path = "/admin"
	raw, other := forwardedPath(r)
	if raw != "/public/x" || other != "/admin" {
		t.Errorf("rewritten: got %q, %q; both must count", raw, other)
	}
}

func TestFoldedPaths(t *testing.T) {
	found, err := readings("/ADMIN/%C5%BF", true)
	if err != nil || found[0] != "/admin/s" {
		t.Errorf("got %q, %v", found, err)
	}
}
