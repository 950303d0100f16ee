package oracle

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// difference is a kind of token on which the plugin and go-jose are meant to
// disagree.
type difference struct {
	// name is short, for messages and the list.
	name string
	// what the plugin does, and why.
	what string
	// applies recognizes such tokens.
	applies func(view) bool
}

// stricter lists tokens that go-jose may accept and the plugin refuses.
var stricter = []difference{
	{
		name:    "length",
		what:    "A token is at most `maxTokenBytes` long, its encoded header 8 KiB: what is longer is not looked at.",
		applies: func(v view) bool { return len(v.token) > 32<<10 || len(v.parts[0]) > 8<<10 },
	},
	{
		name: "spare bits",
		what: "The unused last bits of each base64url part are zero (RFC 4648, section 3.5), and there are no line ends inside (RFC 7515, section 2): " +
			"else one token has many spellings.",
		applies: func(v view) bool {
			return strings.ContainsAny(v.token, "\r\n") || spare(v.parts[0]) || spare(v.parts[1]) || spare(v.parts[2])
		},
	},
	{
		name: "header text",
		what: "The header is one JSON object in UTF-8 with unique names at every depth, at most 16 objects and lists (RFC 7515, section 4; RFC 8725, section 2.4), " +
			"and where it has escapes, at most 64 commas and backslashes.",
		applies: func(v view) bool {
			escapes := bytes.Count(v.headerText, []byte{'\\'})
			return !strictObject(v.headerText, 16) || escapes > 0 && escapes+bytes.Count(v.headerText, []byte{','}) > 64
		},
	},
	{
		name: "header typ",
		what: "`typ` is absent, `JWT`, `at+jwt` or `application/at+jwt`, in any case (RFC 8725, section 3.11): other kinds of token have other types.",
		applies: func(v view) bool {
			typ, present := v.header["typ"]
			name, _ := typ.(string)
			return present && !oneOfFold(name, "JWT", "at+jwt", "application/at+jwt")
		},
	},
	{
		name: "extensions",
		what: "`crit`, `b64`, `zip`, `enc` and `epk` are refused whatever they say (RFC 7515, section 4.1.11; RFC 7797): no access token needs them. go-jose understands `crit` with `b64`.",
		applies: func(v view) bool {
			for _, name := range []string{"crit", "b64", "zip", "enc", "epk"} {
				if _, present := v.header[name]; present {
					return true
				}
			}
			return false
		},
	},
	{
		name: "PSS salt",
		what: "The salt of PS256, PS384 and PS512 is as long as the hash (RFC 7518, section 3.5). go-jose takes any.",
		applies: func(v view) bool {
			alg, _ := v.header["alg"].(string)
			kid, _ := v.header["kid"].(string)
			if !strings.HasPrefix(alg, "PS") {
				return false
			}
			for _, public := range keysFor(kid, alg) {
				if _, ok := public.(*rsa.PublicKey); ok && signedBy(public, alg, []byte(v.parts[0]+"."+v.parts[1]), v.signature) {
					return false
				}
			}
			return true
		},
	},
	{
		name:    "claims text",
		what:    "The payload is one JSON object in UTF-8 with unique names at every depth, at most 4096 objects and lists, 32 deep, without half of a surrogate pair (RFC 7519, section 4), and without a number beyond the reach of a double (RFC 8259, section 6).",
		applies: func(v view) bool { return !strictObject(v.payloadText, 4096) },
	},
	{
		name: "times",
		what: "`exp` is there; `exp`, `nbf` and `iat` are numbers from 0 up to 2^53 (RFC 7519, sections 2 and 4.1.4). go-jose takes null for absence.",
		applies: func(v view) bool {
			if _, present := v.payload["exp"]; !present {
				return true
			}
			for _, name := range []string{"exp", "nbf", "iat"} {
				value, present := v.payload[name]
				number, _ := value.(json.Number)
				seconds, err := number.Float64()
				if present && (err != nil || seconds < 0 || seconds >= 1<<53) {
					return true
				}
			}
			return false
		},
	},
	{
		name: "claims typ",
		what: "The payload's `typ` is `Bearer` in any case, or absent under the header `at+jwt` (RFC 9068, section 2.1; Keycloak): the realm's keys sign ID tokens and more.",
		applies: func(v view) bool {
			typ, present := v.payload["typ"]
			name, _ := typ.(string)
			if present {
				return !oneOfFold(name, "Bearer")
			}
			head, _ := v.header["typ"].(string)
			return !oneOfFold(head, "at+jwt", "application/at+jwt")
		},
	},
	{
		name: "bound tokens",
		what: "A token with `cnf` is bound to a key and no plain bearer token (RFC 7800; RFC 9449, section 7.1).",
		applies: func(v view) bool {
			_, present := v.payload["cnf"]
			return present
		},
	},
}

// looser lists tokens that go-jose refuses and the plugin may accept.
var looser = []difference{
	{
		name: "unread members",
		what: "`jwk`, `jku`, `x5u`, `x5c`, `x5t`, `nonce` and the like are never read (RFC 8725, section 3.10), so it does not matter what they hold. go-jose parses some of them.",
		applies: func(v view) bool {
			for _, name := range []string{"jwk", "x5c", "x5t", "x5t#S256", "nonce", "jku", "x5u"} {
				if _, present := v.header[name]; present {
					return true
				}
			}
			return false
		},
	},
}

// memberDifference is a kind of member of a key set that go-jose reads and the
// plugin leaves aside.
type memberDifference struct {
	name, what string
	applies    func(text []byte, fields map[string]any) bool
}

// memberDifferences lists what makes the plugin leave a key of a set aside.
var memberDifferences = []memberDifference{
	{
		name:    "key text",
		what:    "A key is one JSON object in UTF-8 with unique names, as a payload is.",
		applies: func(text []byte, _ map[string]any) bool { return !strictObject(text, 4096) },
	},
	{
		name: "private members",
		what: "A key with `d`, `p`, `q`, `dp`, `dq`, `qi`, `oth` or `k` is none to publish (RFC 7517, section 9.2): whoever could read it could sign.",
		applies: func(_ []byte, fields map[string]any) bool {
			for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
				if _, present := fields[name]; present {
					return true
				}
			}
			return false
		},
	},
	{
		name: "key_ops",
		what: "`key_ops` must list `verify` (RFC 7517, section 4.3). go-jose does not look at it.",
		applies: func(_ []byte, fields map[string]any) bool {
			ops, present := fields["key_ops"]
			list, _ := ops.([]any)
			return present && !slices.Contains(list, any("verify"))
		},
	},
	{
		name: "null members",
		what: "`use` and `alg` are text where they are there (RFC 7517, sections 4.2 and 4.4). go-jose takes null for absence.",
		applies: func(_ []byte, fields map[string]any) bool {
			for _, name := range []string{"use", "alg"} {
				if value, present := fields[name]; present {
					if text, _ := value.(string); text == "" {
						return true
					}
				}
			}
			return false
		},
	},
	{
		name: "key encoding",
		what: "`n`, `e`, `x` and `y` are unpadded base64url whose unused last bits are zero (RFC 7515, section 2). go-jose takes padding and any bits.",
		applies: func(_ []byte, fields map[string]any) bool {
			for _, name := range []string{"n", "e", "x", "y"} {
				if text, ok := fields[name].(string); ok && (spare(text) || strings.ContainsAny(text, "\r\n=")) {
					return true
				}
			}
			return false
		},
	},
	{
		name: "key id",
		what: "A `kid` is at most 512 bytes long.",
		applies: func(_ []byte, fields map[string]any) bool {
			kid, _ := fields["kid"].(string)
			return len(kid) > 512
		},
	},
}

// unreadCertificates is the one kind of key that the plugin uses and go-jose
// does not; it is recognized by leaving certificateMembers out.
var unreadCertificates = memberDifference{
	name: "certificates",
	what: "`x5c`, `x5t`, `x5t#S256` and `x5u` of a key are not read: the key itself counts, fetched from the issuer (RFC 7517, section 4.7 leaves their use open). go-jose refuses a key whose certificates do not fit.",
}

var certificateMembers = []string{"x5c", "x5t", "x5t#S256", "x5u"}

// withoutCertificates is a member of a key set without what speaks of
// certificates.
func withoutCertificates(member []byte) []byte {
	var fields map[string]json.RawMessage
	if json.Unmarshal(member, &fields) != nil {
		return member
	}
	for _, name := range certificateMembers {
		delete(fields, name)
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return member
	}
	return text
}

// applyingTo names the differences that apply to a member of a key set.
func applyingTo(member []byte) []string {
	var fields map[string]any
	if json.Unmarshal(member, &fields) != nil {
		return []string{"key text"}
	}
	var names []string
	for _, d := range memberDifferences {
		if d.applies(member, fields) {
			names = append(names, d.name)
		}
	}
	return names
}

// applying names the differences of a list that apply to a token.
func applying(list []difference, v view) []string {
	var names []string
	for _, d := range list {
		if len(v.parts) == 3 && d.applies(v) {
			names = append(names, d.name)
		}
	}
	return names
}

// spare reports whether a base64url part has bits set that no byte is made of.
func spare(part string) bool {
	if part == "" {
		return false
	}
	last := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", part[len(part)-1])
	switch len(part) % 4 {
	case 2:
		return last&0xf != 0
	case 3:
		return last&0x3 != 0
	}
	return false
}

// oneOfFold reports whether a name is one of several in ASCII letters of any
// case.
func oneOfFold(name string, names ...string) bool {
	for _, n := range names {
		if len(n) == len(name) && strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// surrogate is an escaped half of a surrogate pair, or a pair.
var surrogate = regexp.MustCompile(`(?i)\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|\\u(d[89a-f][0-9a-f]{2})`)

// lonely reports whether a JSON text escapes half of a surrogate pair.
func lonely(text []byte) bool {
	// An escaped backslash does not begin an escape.
	text = bytes.ReplaceAll(text, []byte(`\\`), []byte("__"))
	for _, m := range surrogate.FindAllSubmatch(text, -1) {
		if m[3] != nil {
			return true
		}
	}
	return false
}

// strictObject reports whether a text is exactly one JSON object with unique
// names, within bounds. A bracket in a string counts as one.
func strictObject(text []byte, brackets int) bool {
	if !utf8.Valid(text) || !json.Valid(text) || lonely(text) {
		return false
	}
	if bytes.Count(text, []byte("{"))+bytes.Count(text, []byte("[")) > brackets {
		return false
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	first, err := decoder.Token()
	return err == nil && first == json.Delim('{') && uniqueMembers(decoder, 1)
}

// uniqueMembers reads on inside an object that has begun.
func uniqueMembers(decoder *json.Decoder, depth int) bool {
	names := map[string]bool{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil || names[name.(string)] {
			return false
		}
		names[name.(string)] = true
		if !uniqueValue(decoder, depth) {
			return false
		}
	}
	_, err := decoder.Token()
	return err == nil
}

func uniqueValue(decoder *json.Decoder, depth int) bool {
	token, err := decoder.Token()
	if err != nil {
		return false
	}
	switch token {
	case json.Delim('{'):
		return depth < maxDepth && uniqueMembers(decoder, depth+1)
	case json.Delim('['):
		if depth >= maxDepth {
			return false
		}
		for decoder.More() {
			if !uniqueValue(decoder, depth+1) {
				return false
			}
		}
		_, err := decoder.Token()
		return err == nil
	}
	if number, ok := token.(json.Number); ok {
		_, err := number.Float64()
		return err == nil
	}
	return true
}

// maxDepth is how deep objects and lists may nest.
const maxDepth = 32
