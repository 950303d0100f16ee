package pathbackends

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"text/tabwriter"
)

// plain is a path as people write it, and the area that it is in.
type plain struct {
	path string
	area Area
}

// plainPaths are legitimate paths with all that RFC 3986 allows in a segment
// and with what applications put into one: names in UTF-8, blanks, plus, tilde,
// colons, at signs, encoded reserved characters, long ids, tokens, times, file
// names with several dots, encoded slashes and parameters that stay inside
// their area, and a trailing slash.
func plainPaths() []plain {
	segments := []string{
		"x", "X", "x/", "x/y/z", "a.b", "a..b", "a%2Fb", "group%2Fproject", "a;v=1", "x;jsessionid=A1B2", "a.b.c.json", "v1.2.3", ".well-known", "archive.tar.gz", "a-b_c~d", "~user", "a+b", "a+b+c", "a@b.example", "urn:isbn:0451450523", "12:30:45", "2026-11-23T19:00:00Z", "key=value", "a,b,c", "(a)", "it's", "wow!", "a*b", "$count", "a&b", "orders(17)", "a:b@c",
		"a%20b", "%20", "a%20%20b", "a%2Bb", "a%40b", "a%3Ab", "a%26b", "a%3Db", "a%24b", "a%2Cb", "%7Euser", "%41", "a%22b", "a%7Cb", "%5Ba%5D", "%7Ba%7D", "%3Ca%3E", "a%5Eb", "a%60b", "100%25", "50%25%20off", "100%25safe",
		"caf%C3%A9", "gr%C3%BC%C3%9Fe", "%E6%97%A5%E6%9C%AC%E8%AA%9E", "%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82", "%D8%B3%D9%84%D8%A7%D9%85", "%F0%9F%8E%89", "%E0%A4%B9%E0%A4%BF%E0%A4%A8%E0%A5%8D%E0%A4%A6%E0%A5%80", "na%C3%AFve%20caf%C3%A9", "Zu%CC%88rich", "\xc3\xa9t\xc3\xa9", "日本語",
		"550e8400-e29b-41d4-a716-446655440000", strings.Repeat("0123456789abcdef", 64), strings.Repeat("a", 4000), strings.Repeat("s/", 60) + "x", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln", "YWJjZGVmZw==", "sha256-47DEQpj8HBSa_-TImW-5JCeuQeRkm5NMpJWZG3hSuFU", "x?q=1&r=a%2Fb", "x?redirect=http://example.com/../a;b", "x?a=%2e%2e%2f",
	}
	var all []plain
	for _, segment := range segments {
		all = append(all, plain{"/public/" + segment, Public}, plain{"/api/v1/auditflow/" + segment, Auditflow}, plain{"/api/v1/admin/" + segment, Admin})
	}
	return append(all, plain{"/public", Public}, plain{"/health", Health}, plain{"/health?probe=1", Health}, plain{"/api/v1/auditflow", Auditflow}, plain{"/api/v1/admin", Admin})
}

// plainPathsPass is the other half of the promise: a path that no backend
// reads in two ways is not refused to whom the policy lets in. What gets
// through without the plugin gets through with it.
func (r *rig) plainPathsPass(t *testing.T) {
	byArea := map[Area][]Request{}
	paths := plainPaths()
	for _, p := range paths {
		byArea[p.area] = append(byArea[p.area], Request{Method: http.MethodGet, Target: p.path})
	}
	type count struct{ answered, blocked int }
	counts := make([]count, len(r.backends))
	r.each(func(i int, backend Backend) {
		for area, requests := range byArea {
			answered, blocked := r.plainPathsOf(t, backend, area, requests)
			counts[i].answered += answered
			counts[i].blocked += blocked
		}
	})

	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "backend\tplain paths\tanswered bare\tover-blocked\t")
	for i, backend := range r.backends {
		if counts[i].answered == 0 {
			t.Errorf("%s answers none of the plain paths", backend.Name)
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t\n", backend.Name, len(paths)*len(entryPoints), counts[i].answered, counts[i].blocked)
	}
	_ = w.Flush()
	t.Logf("\n%s", text.String())
}

// plainPathsOf tries the plain paths of one area on one backend, with the
// token that the area asks for. It gives how many the bare backend answers
// from that area, and how many of these the plugin does not let through.
func (r *rig) plainPathsOf(t *testing.T, backend Backend, area Area, requests []Request) (answered, blocked int) {
	authorization := map[Area]string{Auditflow: r.low, Admin: r.admin}[area]
	for _, entryPoint := range entryPoints {
		bare := r.through(t, entryPoint, backend.Name, "none", "", requests)
		guarded := r.through(t, entryPoint, backend.Name, "flat", authorization, requests)
		for i, got := range guarded {
			if bare[i].Reached != area {
				continue // The backend itself has no such thing, or refuses it.
			}
			answered++
			if got.Reached != area {
				blocked++
				t.Errorf("%s, %s: %q answers %d, without the plugin %d from %s",
					backend.Name, entryPoint, requests[i].Target, got.Status, bare[i].Status, area)
			}
		}
	}
	return answered, blocked
}
