package authproxy

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// The limits of a path that has more than one reading. An ordinary path has
// exactly one and no limit. They bound what a hostile path can cost.
const (
	maxOddPathBytes    = 8 << 10
	maxOddPathSegments = 256
	maxOddPathEscapes  = 3000
	maxReadings        = 64
	maxReadingsBytes   = 64 << 10
)

// errBadPath says that a path cannot be read: an escape does not decode, it does
// not begin with "/", or it has more readings than a well-meant path ever has.
var errBadPath = errors.New("path cannot be read")

// forwardedPath returns the path of the request as it will be forwarded, still
// percent-encoded and without its query. Traefik forwards RequestURI, while
// middlewares before this one may have rewritten URL alone; where the two
// disagree, the second result is the path that URL stands for, and both count.
func forwardedPath(r *http.Request) (string, string) {
	escaped := r.URL.EscapedPath()
	raw := r.RequestURI
	if raw == "" {
		return escaped, ""
	}
	if !strings.HasPrefix(raw, "/") {
		// Absolute form (RFC 9112 section 3.2.2): the path begins after the authority.
		_, rest, absolute := strings.Cut(raw, "://")
		if !absolute {
			return raw, ""
		}
		at := strings.IndexAny(rest, "/?")
		raw = "/"
		if at >= 0 && rest[at] == '/' {
			raw = rest[at:]
		}
	}
	if at := strings.IndexByte(raw, '?'); at >= 0 {
		raw = raw[:at]
	}
	if escaped != raw {
		// Also when only the spelling differs, such as a raw UTF-8 byte: two readings
		// of one path cost little, a missed one costs the policy.
		return raw, escaped
	}
	return raw, ""
}

// readings returns every plausible reading of a percent-encoded path: what some
// backend may take it for. The first is the plainest. An ordinary path has one.
// It fails with errBadPath.
func readings(raw string, fold bool) ([]string, error) {
	if !strings.HasPrefix(raw, "/") {
		return nil, errBadPath
	}
	if !odd(raw) {
		if fold {
			raw = foldPath(raw)
		}
		return []string{raw}, nil
	}
	if len(raw) > maxOddPathBytes || strings.Count(raw, "/") > maxOddPathSegments || strings.Count(raw, "%") > maxOddPathEscapes {
		return nil, errBadPath
	}
	decoded, err := url.PathUnescape(raw)
	if err != nil {
		return nil, errBadPath
	}
	// A backend that routes on the undecoded path tells "%61" from "a". Only bytes
	// that must be escaped on the wire are decoded for it, since they have no other
	// spelling.
	undecoded, err := url.PathUnescape(protectEscapes.Replace(raw))
	if err != nil {
		return nil, errBadPath
	}

	queue := []string{decoded, undecoded}
	seen := map[string]bool{}
	var found []string
	size := 0
	for len(queue) > 0 {
		p := queue[0]
		queue = queue[1:]
		if seen[p] || p == "" {
			continue
		}
		seen[p] = true
		size += len(p)
		if len(seen) > maxReadings || size > maxReadingsBytes {
			return nil, errBadPath
		}
		found = append(found, p)
		queue = appendTransformed(queue, p)
	}
	if !fold {
		return found, nil
	}
	for i := range found {
		found[i] = foldPath(found[i])
	}
	return found, nil
}

// odd reports whether a path has bytes that backends read in different ways. It
// is made of few calls into compiled code: a loop over bytes costs the
// interpreter 40 ns a byte.
func odd(raw string) bool {
	return strings.ContainsAny(raw, oddBytes) ||
		strings.Contains(raw, "//") || strings.Contains(raw, "/.") || strings.Contains(raw, "./") ||
		strings.HasSuffix(raw, ".") ||
		beyondASCII(raw)
}

func beyondASCII(p string) bool {
	return utf8.RuneCountInString(p) != len(p) || !utf8.ValidString(p)
}

const oddBytes = "%;\\?# \x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f" +
	"\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f"

// appendTransformed appends what each single liberty that a backend may take makes
// of p. Applied again to its own results it yields every order of them.
func appendTransformed(queue []string, p string) []string {
	if strings.IndexByte(p, '%') >= 0 {
		queue = append(queue, decodeLeniently(p))
		queue = append(queue, wideEscapes.Replace(shortEscape.ReplaceAllString(p, "%$1")))
	}
	if strings.IndexByte(p, '\\') >= 0 {
		queue = append(queue, strings.ReplaceAll(p, "\\", "/"))
	}
	if strings.IndexByte(p, ';') >= 0 {
		// Tomcat and Jetty cut parameters in each segment; others cut all that follows.
		queue = append(queue, pathParameters.ReplaceAllString(p, ""))
		queue = append(queue, p[:strings.IndexByte(p, ';')])
	}
	if strings.Contains(p, "/.") {
		queue = append(queue, removeDotSegments(p))
	}
	if strings.Contains(p, "//") {
		queue = append(queue, slashes.ReplaceAllString(p, "/"))
	}
	if strings.ContainsAny(p, ". ") {
		queue = append(queue, trailingDots.ReplaceAllString(p, "$1$2"))
		queue = append(queue, longDots.ReplaceAllString(p, "$1$2"))
		queue = append(queue, leadingBlanks.ReplaceAllString(p, "/"))
	}
	if authority.MatchString(p) {
		// To a URL parser "//host/path" names a host.
		queue = append(queue, authority.ReplaceAllString(p, "/"))
	}
	if at := strings.IndexAny(p, "?#"); at >= 0 {
		queue = append(queue, p[:at])
	}
	if strings.ContainsAny(p, oddBytes) {
		if at := strings.IndexByte(p, 0); at >= 0 {
			queue = append(queue, p[:at])
		}
		queue = append(queue, controls.Replace(p))
	}
	if beyondASCII(p) {
		queue = append(queue, lookalikes.Replace(p))
	}
	return queue
}

// decodeLeniently percent-decodes p and leaves escapes that do not decode as they
// are, as many backends do after the first round.
func decodeLeniently(p string) string {
	q, err := url.PathUnescape(p)
	if err == nil {
		return q
	}
	q, err = url.PathUnescape(strayPercent(p))
	if err != nil {
		return p
	}
	return q
}

// strayPercent escapes each "%" that no two hexadecimal digits follow.
func strayPercent(p string) string {
	parts := strings.Split(p, "%")
	for i := 1; i < len(parts); i++ {
		part := parts[i]
		if len(part) >= 2 && strings.IndexByte(hexDigits, part[0]) >= 0 && strings.IndexByte(hexDigits, part[1]) >= 0 {
			continue
		}
		parts[i] = "25" + part
	}
	return strings.Join(parts, "%")
}

// removeDotSegments resolves "." and ".." without merging slashes (RFC 3986
// section 5.2.4). The standard library does it in compiled code.
func removeDotSegments(p string) string {
	base := &url.URL{Path: "/"}
	return base.ResolveReference(&url.URL{Path: p}).Path
}

// foldPath folds letters for backends that ignore case. Upper first: some letters,
// such as the long s, have an upper case only in ASCII.
func foldPath(p string) string {
	return strings.ToLower(strings.ToUpper(p))
}

const hexDigits = "0123456789abcdefABCDEF"

var (
	pathParameters = regexp.MustCompile(`;[^/]*`)
	slashes        = regexp.MustCompile(`//+`)
	// A segment's trailing dots and blanks, unless it is made of nothing else.
	trailingDots = regexp.MustCompile(`([^/. ])[. ]+(/|$)`)
	// Two dots with more dots or blanks behind, which some take for "..".
	longDots = regexp.MustCompile(`(/\.\.)[. ]+(/|$)`)
	// A segment's leading blanks, which some frameworks trim.
	leadingBlanks = regexp.MustCompile(`/ +`)
	authority     = regexp.MustCompile(`^[/\\]{2,}[^/\\]+([/\\]|$)`)
	// %u00XX, the form that older Microsoft servers decode.
	shortEscape = regexp.MustCompile(`%[uU]00([0-9a-fA-F]{2})`)

	protectEscapes = strings.NewReplacer(protectedEscapes()...)
	controls       = strings.NewReplacer(controlBytes()...)
	lookalikes     = strings.NewReplacer(lookalikeBytes()...)
	wideEscapes    = strings.NewReplacer(
		"%u2215", "/", "%u2044", "/", "%uff0f", "/", "%uFF0F", "/",
		"%u2216", "\\", "%uff3c", "\\", "%uFF3C", "\\",
		"%uff0e", ".", "%uFF0E", ".", "%u2024", ".", "%u3002", ".")
)

// protectedEscapes pairs each escape of a byte that needs none, or that is a
// delimiter, with the escape of its escape, so that one round of decoding leaves
// it as it was.
func protectedEscapes() []string {
	const kept = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./\\;?#"
	const lower = "0123456789abcdef"
	const upper = "0123456789ABCDEF"
	var pairs []string
	for i := 0; i < len(kept); i++ {
		c := kept[i]
		high := upper[c>>4 : c>>4+1]
		pairs = append(pairs, "%"+high+upper[c&15:c&15+1], "%25"+high+upper[c&15:c&15+1])
		if c&15 > 9 {
			pairs = append(pairs, "%"+high+lower[c&15:c&15+1], "%25"+high+lower[c&15:c&15+1])
		}
	}
	return pairs
}

// controlBytes pairs the control bytes with nothing: URL parsers drop some of them.
func controlBytes() []string {
	var pairs []string
	for c := 0; c < 0x20; c++ {
		pairs = append(pairs, string([]byte{byte(c)}), "")
	}
	return append(pairs, "\x7f", "")
}

// lookalikeBytes pairs what lax decoders take for ASCII with that ASCII: overlong
// UTF-8 (RFC 3629 section 3) and the compatibility forms of Unicode.
func lookalikeBytes() []string {
	var pairs []string
	for c := 0; c < 0x80; c++ {
		ascii := string([]byte{byte(c)})
		high := byte(0x80 + c>>6)
		low := byte(0x80 + c&0x3f)
		pairs = append(pairs,
			string([]byte{byte(0xc0 + c>>6), low}), ascii,
			string([]byte{0xe0, high, low}), ascii,
			string([]byte{0xf0, 0x80, high, low}), ascii)
		if c > 0x20 && c < 0x7f {
			pairs = append(pairs, string(rune(0xfee0+c)), ascii) // fullwidth forms
		}
	}
	return append(pairs, "\u2215", "/", "\u2044", "/", "\u2216", "\\",
		"\ufe68", "\\", "\u2024", ".", "\u2025", "..", "\u3002", ".", "\ufe52", ".")
}
