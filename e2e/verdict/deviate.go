package verdict

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// in is a time in seconds from now, as a claim's value.
type in int

// MarshalJSON makes it a NumericDate (RFC 7519, section 2) when the token is
// written.
func (s in) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Now().Unix() + int64(s))
}

// config asks for another configuration of the plugin.
func config(name string) deviation {
	v := find(name)
	return func(r *request) { r.variant = v }
}

// method sets the request's method, path its target as it is written on the
// wire, proto its protocol, toHost its Host header, and content its body;
// "<host>" in a target is the variant's host.
func method(m string) deviation  { return func(r *request) { r.method = m } }
func path(raw string) deviation  { return func(r *request) { r.target = raw } }
func proto(p string) deviation   { return func(r *request) { r.proto = p } }
func toHost(h string) deviation  { return func(r *request) { r.host = h } }
func content(b string) deviation { return func(r *request) { r.body = b } }

// line adds a header line as it is written on the wire; "<token>" in it is
// the row's token.
func line(raw string) deviation {
	return func(r *request) { r.lines = append(r.lines, raw) }
}

// authorization replaces the Authorization header by one of each value, in
// which "<token>" is the row's token; without values there is none.
func authorization(values ...string) deviation {
	return func(r *request) { r.credentials = append([]string{}, values...) }
}

// anonymous leaves the Authorization header out.
var anonymous = authorization()

// user takes another user's token, issued by the realm. It goes before what
// changes the token.
func user(name, realm string) deviation {
	return func(r *request) { r.token = r.site.realm(realm).Access(name) }
}

// alice is the user with admin-role, carol the one without any role, frank has
// her role from the client that is the audience.
var (
	alice = user("alice", "demo")
	carol = user("carol", "demo")
	frank = user("frank", "demo")
)

// token changes or replaces the token.
func token(change func(issuer.Token, *Site) issuer.Token) deviation {
	return func(r *request) { r.token = change(r.token, r.site) }
}

// claim sets a claim, without removes some.
func claim(name string, value any) deviation {
	return token(func(t issuer.Token, _ *Site) issuer.Token { return t.With(name, value) })
}
func without(claims ...string) deviation {
	return token(func(t issuer.Token, _ *Site) issuer.Token { return t.Without(claims...) })
}

// roles replaces the token's realm roles; access replaces the whole claim.
func roles(names ...any) deviation {
	return claim("realm_access", map[string]any{"roles": names})
}
func access(value any) deviation { return claim("realm_access", value) }

// claimJSON sets a claim to a text that need not be JSON; claimsText changes
// the whole payload's text. Deviations of claims go before them.
func claimJSON(name, text string) deviation {
	return func(r *request) {
		without(name)(r)
		claimsText(func(s string) string { return insert(s, quoted(name)+":"+text) })(r)
	}
}
func claimsText(edit func(string) string) deviation {
	return token(func(t issuer.Token, _ *Site) issuer.Token {
		_, payload := t.Parts()
		return t.Payload([]byte(edit(string(payload))))
	})
}

// alsoClaims writes further members at the end of the payload, alsoHead of
// the header: where a name is there already, twice.
func alsoClaims(members string) deviation {
	return claimsText(func(s string) string { return insert(s, members) })
}
func alsoHead(members string) deviation {
	return headText(func(s string) string { return insert(s, members) })
}

// insert adds members at the end of a JSON object's text.
func insert(object, members string) string {
	return strings.TrimSuffix(object, "}") + "," + members + "}"
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has JSON
	}
	return string(b)
}

// head sets a member of the token's header, noHead removes some, headText
// changes the header's whole text. The signature stays what it was meant to
// be.
func head(name string, value any) deviation {
	return token(func(t issuer.Token, _ *Site) issuer.Token { return t.Head(name, value) })
}
func noHead(names ...string) deviation {
	return token(func(t issuer.Token, _ *Site) issuer.Token { return t.NoHead(names...) })
}
func headText(edit func(string) string) deviation {
	return token(func(t issuer.Token, _ *Site) issuer.Token {
		header, _ := t.Parts()
		return t.HeaderBytes([]byte(edit(string(header))))
	})
}

// by signs with a published key and says so in the header; forgedBy signs
// with a key but leaves the header's word.
func by(key func(*Site) *issuer.Key) deviation {
	return token(func(t issuer.Token, s *Site) issuer.Token { return t.By(key(s)) })
}
func forgedBy(key func(*Site) *issuer.Key) deviation {
	return token(func(t issuer.Token, s *Site) issuer.Token { return t.Forged(key(s)) })
}

// demoKey is the realm demo's key for an algorithm, this is a key by itself.
func demoKey(alg string) func(*Site) *issuer.Key {
	return func(s *Site) *issuer.Key { return s.realm("demo").Key(alg) }
}
func this(k *issuer.Key) func(*Site) *issuer.Key {
	return func(*Site) *issuer.Key { return k }
}

// signature replaces the signature by what sign makes of the signing input.
func signature(sign func(t issuer.Token, input []byte) []byte) deviation {
	return token(func(t issuer.Token, _ *Site) issuer.Token {
		original := t
		return t.SignedBy(func(input []byte) []byte { return sign(original, input) })
	})
}

// raw replaces the token by any text, compact changes the good one's text.
func raw(text string) deviation {
	return compact(func(string) string { return text })
}
func compact(edit func(string) string) deviation {
	return func(r *request) { r.edits = append(r.edits, edit) }
}

// parts changes the three parts of the good token's text.
func parts(edit func(header, payload, signature string) string) deviation {
	return compact(func(s string) string {
		p := strings.Split(s, ".")
		return edit(p[0], p[1], p[2])
	})
}

// sees says that the service gets these values of a header, and no other in
// any spelling; without values, that it gets none.
func sees(name string, values ...string) deviation {
	return func(r *request) { r.watch[name] = values }
}

// seesUser says which user id the service gets, where it is not sub as it
// stands in the token; empty is none.
func seesUser(id string) deviation {
	return func(r *request) { r.user = &id }
}

// asksJSON sets the Accept header; the refusal is then a problem document
// (RFC 9457).
func asksJSON(accept string) deviation {
	return func(r *request) {
		r.lines = append(r.lines, "Accept: "+accept)
		r.problem = true
	}
}

// nested is JSON of n lists within each other.
func nested(n int) string {
	return strings.Repeat("[", n) + strings.Repeat("]", n)
}

// sized pads the token to an exact length in bytes.
func sized(n int) deviation {
	return token(func(t issuer.Token, _ *Site) issuer.Token {
		// Three bytes more in a part are four more characters of base64, so
		// not every length can be had by one part alone.
		for h := range 4 {
			t := t.Head("x", strings.Repeat("x", h))
			long := n - len(t.With("pad", "").String())
			for p := long*3/4 - 3; p <= long*3/4+3; p++ {
				if padded := t.With("pad", strings.Repeat("x", max(p, 0))); len(padded.String()) == n {
					return padded
				}
			}
		}
		panic(fmt.Sprintf("no token of %d bytes", n))
	})
}
