package authproxy

import (
	"bytes"
	"encoding/json"
	"reflect"
	"regexp"
	"testing"
	"unicode/utf8"
)

// FuzzDecodeObject holds the quick ways of decodeObject and usualClaims, which count
// colons, against a slow one that looks at every name.
func FuzzDecodeObject(f *testing.F) {
	for _, seed := range []string{
		`{"a":1,"a" :2}`, `{"a"  :1,"a":2}`, "{\"a\"\t:1,\"a\":2}", "{\"a\"\n:1,\"a\":2}", "{\"a\"\r\n:1,\"a\":2}",
		`{"a":":","a":1}`, `{"a":"x: y","b":":z"}`, `{"realm_access":{"a":1,"a":2}}`, `{"realm_access":1,"realm_access":{"a":1}}`,
		`{"resource_access":{"c":{"r":1},"c":{"r":1,"s":2}}}`, `{"resource_access":{"c":[{"a":1,"a":2}],"d":1}}`,
		`{"resource_access":{"c":"x"},"other":{"a":1,"a":2}}`, `{"other":{"a":1},"b":2}`, `null`, `{}`,
		`{"iss":"https://a","aud":["x","y"],"name":"Zoë","realm_access":{"roles":["a"]},"resource_access":{"c":{"roles":["b"]}},"scope":"a b"}`,
		`{"aud":["x","y"],"realm_access":{"roles":["a"],"roles":["b"]},"realm_access":{"roles":[[[]]]},"scope":": \" :"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		object, err := decodeObject(text, maxClaimsNesting)
		sound := soundObject(text, maxClaimsNesting)
		if (err == nil) != sound {
			t.Fatalf("accepted: %v, sound: %v, %v", err == nil, sound, err)
		}
		usual := usualClaims(text)
		if usual != nil && !reflect.DeepEqual(usual, object) {
			t.Fatalf("usual claims are %v, claims are %v, %v", usual, object, err)
		}
		if err != nil {
			return
		}
		again, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeObject(again, maxClaimsNesting); err != nil {
			t.Errorf("refused when written again: %s", again)
		}
	})
}

// soundObject reports whether a text is one JSON object as decodeObject wants
// it.
func soundObject(text []byte, brackets int) bool {
	opened := bytes.Count(text, []byte("{")) + bytes.Count(text, []byte("["))
	if opened > brackets || !utf8.Valid(text) || !json.Valid(text) {
		return false
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	first, err := decoder.Token()
	if err != nil || first != json.Delim('{') || !uniqueNames(decoder, true, 1) {
		return false
	}
	var object map[string]interface{}
	return json.Unmarshal(text, &object) == nil && !halfSurrogate(text)
}

// uniqueNames reads on inside an object or a list that has begun.
func uniqueNames(decoder *json.Decoder, object bool, depth int) bool {
	names := map[string]bool{}
	for decoder.More() {
		if object {
			name, err := decoder.Token()
			text, ok := name.(string)
			if err != nil || !ok || names[text] {
				return false
			}
			names[text] = true
		}
		value, err := decoder.Token()
		if err != nil {
			return false
		}
		if open, ok := value.(json.Delim); ok {
			if depth == maxJSONDepth || !uniqueNames(decoder, open == '{', depth+1) {
				return false
			}
		}
	}
	_, err := decoder.Token()
	return err == nil
}

// surrogates are an escaped pair, or an escaped half of one.
var surrogates = regexp.MustCompile(`(?i)\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|\\ud[89a-f][0-9a-f]{2}`)

// halfSurrogate reports whether a JSON text escapes half of a surrogate pair,
// which decoding replaces by U+FFFD.
func halfSurrogate(text []byte) bool {
	// An escaped backslash begins no escape.
	text = bytes.ReplaceAll(text, []byte(`\\`), []byte("__"))
	for _, escape := range surrogates.FindAll(text, -1) {
		if len(escape) == len(`\ud800`) {
			return true
		}
	}
	return false
}
