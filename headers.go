package authproxy

import (
	"net/http"
	"strconv"
	"strings"
)

// identityHeaders are the names that only this middleware may set. Backends fold
// names in their own ways, most often "_" and "." to "-", so every name that reads
// like one of ours is a client's attempt to speak for itself.
type identityHeaders struct {
	folded map[string]bool
	// suspect are the lengths of the names. Folding goes byte by byte and keeps the
	// length, so a loop over headers need look no closer than that.
	suspect map[int]bool
	// harmless are the common headers that are none of ours.
	harmless map[string]bool
	// preflight is a header that sends a request the whole way: that of CORS
	// preflights, where they are let through; "" where they are not.
	preflight string
}

// commonHeaders are what browsers, proxies and tracers send everywhere.
var commonHeaders = []string{
	"Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Access-Control-Request-Headers",
	"Authorization", "B3", "Baggage", "Cache-Control", "Cdn-Loop", "Cf-Connecting-Ip", "Cf-Ipcountry",
	"Cf-Ray", "Cf-Visitor", "Connection", "Content-Disposition", "Content-Encoding", "Content-Language",
	"Content-Length", "Content-Type", "Cookie", "Date", "Dnt", "Expect", "Forwarded", "From",
	"Idempotency-Key", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range",
	"If-Unmodified-Since", "Keep-Alive", "Last-Event-Id", "Origin", "Pragma", "Prefer", "Priority",
	"Purpose", "Range", "Referer", "Save-Data", "Sec-Ch-Ua", "Sec-Ch-Ua-Arch",
	"Sec-Ch-Ua-Full-Version-List", "Sec-Ch-Ua-Mobile", "Sec-Ch-Ua-Model", "Sec-Ch-Ua-Platform",
	"Sec-Ch-Ua-Platform-Version", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site",
	"Sec-Fetch-User", "Sec-Gpc", "Sec-Purpose", "Sec-Websocket-Extensions", "Sec-Websocket-Key",
	"Sec-Websocket-Protocol", "Sec-Websocket-Version", "Sentry-Trace", "Te", "Traceparent",
	"Tracestate", "Transfer-Encoding", "True-Client-Ip", "Uber-Trace-Id", "Upgrade",
	"Upgrade-Insecure-Requests", "User-Agent", "Via", "X-Amzn-Trace-Id", "X-Api-Key", "X-Api-Version",
	"X-B3-Parentspanid", "X-B3-Sampled", "X-B3-Spanid", "X-B3-Traceid", "X-Client-Ip",
	"X-Cloud-Trace-Context", "X-Correlation-Id", "X-Csrf-Token", "X-Datadog-Parent-Id",
	"X-Datadog-Sampling-Priority", "X-Datadog-Trace-Id", "X-Forwarded-For", "X-Forwarded-Host",
	"X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Proto", "X-Forwarded-Scheme",
	"X-Forwarded-Server", "X-Real-Ip", "X-Request-Id", "X-Requested-With", "X-Xsrf-Token",
}

func newIdentityHeaders(names []string, allowPreflight bool) *identityHeaders {
	ids := &identityHeaders{folded: map[string]bool{}, suspect: map[int]bool{}, harmless: map[string]bool{}}
	for _, name := range names {
		ids.folded[foldHeader(name)] = true
		ids.suspect[len(name)] = true
	}
	if allowPreflight {
		ids.preflight = requestedMethod
		ids.suspect[len(requestedMethod)] = true
	}
	for _, name := range commonHeaders {
		if !ids.folded[foldHeader(name)] {
			ids.harmless[name] = true
		}
	}
	return ids
}

// foldHeader reads a header's name as the laxest backend does: letters without
// regard to case, digits, and everything else as "-".
func foldHeader(name string) string { return folding.Replace(name) }

var folding = newFolding()

func newFolding() *strings.Replacer {
	var pairs []string
	for i := 0; i < 256; i++ {
		c := byte(i)
		folded := c
		switch {
		case c >= 'A' && c <= 'Z':
			folded += 'a' - 'A'
		case (c < 'a' || c > 'z') && (c < '0' || c > '9'):
			folded = '-'
		}
		pairs = append(pairs, string([]byte{c}), string([]byte{folded}))
	}
	return strings.NewReplacer(pairs...)
}

// removeIdentity takes every spelling of the identity headers out of a request, out
// of its trailers too.
func removeIdentity(ids *identityHeaders, r *http.Request) {
	removeNames(ids, r.Header)
	if r.Trailer != nil {
		removeNames(ids, r.Trailer)
	}
}

func removeNames(ids *identityHeaders, h http.Header) {
	harmless := ids.harmless
	for name := range h {
		if !harmless[name] {
			if spoofs(ids, name) {
				delete(h, name)
			}
		}
	}
}

// wantsWholeWay reports whether a header is one that the warm way cannot deal with.
func wantsWholeWay(ids *identityHeaders, name string) bool {
	if name == ids.preflight {
		return true
	}
	return spoofs(ids, name)
}

// spoofs reports whether a backend may take a name for one of ours.
func spoofs(ids *identityHeaders, name string) bool {
	if !ids.suspect[len(name)] {
		return false
	}
	return ids.folded[foldHeader(name)]
}

// setIdentity sets the headers of a principal. Each value is a list of its own, so
// that no later handler can change what other requests get.
func setIdentity(g *gate, h http.Header, user string, further []identityValue) {
	if user != "" {
		h[g.userID] = []string{user}
	}
	for _, id := range further {
		h[id.name] = []string{id.value}
	}
}

// withdrawToken takes the token out of what the service will see.
func (g *gate) withdrawToken(r *http.Request) {
	r.Header.Del("Authorization")
	if g.cookieName != "" {
		cookies := r.Cookies()
		r.Header.Del("Cookie")
		for _, cookie := range cookies {
			if cookie.Name != g.cookieName {
				r.AddCookie(cookie)
			}
		}
	}
	if g.queryParam != "" && r.URL.RawQuery != "" {
		query := r.URL.Query()
		query.Del(g.queryParam)
		path, _, _ := strings.Cut(r.RequestURI, "?")
		r.URL.RawQuery = query.Encode()
		if r.RequestURI != "" {
			r.RequestURI = path
			if r.URL.RawQuery != "" {
				r.RequestURI = path + "?" + r.URL.RawQuery
			}
		}
	}
}

// challenge is the WWW-Authenticate value (RFC 6750 section 3). The error code is
// left out where the request carried no token.
func challenge(realm, code string) string {
	text := "Bearer realm=" + quoted(realm)
	if code != "" {
		text += ", error=\"" + code + "\""
	}
	return text
}

// quoted makes a quoted-string (RFC 9110 section 5.6.4); what may not stand in one
// is left out.
func quoted(text string) string {
	var out strings.Builder
	out.WriteByte('"')
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '"' || c == '\\' {
			out.WriteByte('\\')
		}
		if c >= 0x20 && c != 0x7f {
			out.WriteByte(c)
		}
	}
	out.WriteByte('"')
	return out.String()
}

// answer is what a refused request gets, built once.
type answer struct {
	status     int
	challenge  string
	text, json *answerBody
}

// answerBody is a body with its headers' values.
type answerBody struct {
	kind, length string
	bytes        []byte
}

func newAnswerBody(kind, text string) *answerBody {
	return &answerBody{kind: kind, length: strconv.Itoa(len(text)), bytes: []byte(text)}
}

func newAnswer(status int, challenge string) *answer {
	title := http.StatusText(status)
	number := strconv.Itoa(status)
	return &answer{
		status:    status,
		challenge: challenge,
		text:      newAnswerBody("text/plain; charset=utf-8", number+" "+title+"\n"),
		// RFC 9457 section 3.
		json: newAnswerBody("application/problem+json", `{"type":"about:blank","title":"`+title+`","status":`+number+"}\n"),
	}
}

// writeAnswer answers a refused request. The body says the status and nothing more:
// the reason is for the log. A map is written to directly, at a fifth of what Set
// costs the interpreter: a flood of bad tokens must be cheaper than good ones.
func writeAnswer(a *answer, w http.ResponseWriter, r *http.Request, retryAfter string) {
	h := w.Header()
	body := a.text
	if acceptsJSON(r) {
		body = a.json
	}
	h["Content-Type"] = []string{body.kind}
	h["Content-Length"] = []string{body.length}
	h["X-Content-Type-Options"] = []string{"nosniff"}
	h["Cache-Control"] = []string{"no-store"}
	h["Vary"] = []string{"Accept"}
	if a.challenge != "" {
		h["Www-Authenticate"] = []string{a.challenge}
	}
	if retryAfter != "" {
		h["Retry-After"] = []string{retryAfter}
	}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body.bytes) // a client that has gone needs no answer
	}
}

// acceptsJSON reports whether the client names JSON among what it accepts.
func acceptsJSON(r *http.Request) bool {
	for _, accept := range r.Header["Accept"] {
		if strings.Contains(accept, "application/json") || strings.Contains(accept, "+json") {
			return true
		}
	}
	return false
}
