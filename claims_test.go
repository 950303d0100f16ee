package authproxy

import (
	"encoding/json"
	"strings"
	"testing"
)

// parsed decodes claims as verify does.
func parsed(t *testing.T, text string) map[string]interface{} {
	t.Helper()
	claims, err := decodeObject([]byte(text), maxClaimsNesting)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return claims
}

func TestDecodeObject(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)
	wide := `{"a":[` + strings.Repeat(`{"b":[1]},`, 50) + `1]}`
	rows := []struct {
		phrase, text string
		ok           bool
	}{
		{"an object", `{"a":1,"b":{"c":"d:e"}}`, true},
		{"blanks around", " {\n\"a\" : 1 } ", true},
		{"colons in strings", `{"a:b":"c:d:e"}`, true},
		{"escapes", `{"a\"b":"\\","c":"\u00e4\ud83d\ude00"}`, true},
		{"many brackets, not deep", wide, true},
		{"empty object", `{}`, true},
		{"duplicate name", `{"a":1,"a":2}`, false},
		{"duplicate beneath", `{"x":{"a":1,"a":2}}`, false},
		{"duplicate in a list", `{"x":[{"a":1,"a":2}]}`, false},
		{"duplicate by an escape", `{"a":1,"\u0061":2}`, false},
		{"a duplicate made up for by a colon in an escape", `{"a":1,"a":"\u003a"}`, false},
		{"a lost object", `{"a":{"b":1},"a":2}`, false},
		{"lone surrogates that collide", `{"\ud800":1,"\ud801":2}`, false},
		{"a lone surrogate", `{"a":"\ud800"}`, false},
		{"a lone surrogate beside U+FFFD itself", `{"a":"\ud800","b":"\ufffd"}`, false},
		{"a low surrogate before a high one", `{"a":"\udc00\ud800"}`, false},
		{"an escaped backslash before what looks like one", `{"a":"\\ud800"}`, true},
		{"U+FFFD itself", `{"a":"\ufffd"}`, true},
		{"trailing text", `{"a":1} x`, false},
		{"two objects", `{"a":1}{"b":2}`, false},
		{"a list", `[1]`, false},
		{"a string", `"a"`, false},
		{"null", `null`, false},
		{"nothing", ``, false},
		{"too deep", deep, false},
		{"invalid UTF-8", "{\"a\":\"\xff\"}", false},
		{"a byte order mark", "\ufeff{}", false},
		{"a number beyond all bounds", `{"a":1e400}`, false},
		{"NaN", `{"a":NaN}`, false},
		{"a comment", `{"a":1/*x*/}`, false},
		{"too many brackets", `{"a":[` + strings.Repeat("[],", maxClaimsNesting) + `1]}`, false},
	}
	for _, row := range rows {
		object, err := decodeObject([]byte(row.text), maxClaimsNesting)
		if (err == nil) != row.ok || (object != nil) != row.ok {
			t.Errorf("%s: got %v, %v", row.phrase, object, err)
		}
	}
}

func TestTimes(t *testing.T) {
	rows := []struct{ phrase, claims, reason string }{
		{"good", `{"exp":1700000100,"nbf":1699999999,"iat":1699999999}`, ""},
		{"exp alone", `{"exp":1700000100}`, ""},
		{"a fraction", `{"exp":1700000100.5}`, ""},
		{"within the leeway", `{"exp":1699999991}`, ""},
		{"at the leeway's end", `{"exp":1699999990}`, "expired"},
		{"no exp", `{}`, "time"},
		{"exp null", `{"exp":null}`, "time"},
		{"exp a string", `{"exp":"1700000100"}`, "time"},
		{"exp negative", `{"exp":-1}`, "time"},
		{"exp beyond 2^53", `{"exp":9007199254740993}`, "time"},
		{"exp huge", `{"exp":1e300}`, "time"},
		{"exp a list", `{"exp":[1700000100]}`, "time"},
		{"exp true", `{"exp":true}`, "time"},
		{"nbf ahead", `{"exp":1700000100,"nbf":1700000011}`, "not_yet"},
		{"nbf within the leeway", `{"exp":1700000100,"nbf":1700000010}`, ""},
		{"nbf a string", `{"exp":1700000100,"nbf":"0"}`, "time"},
		{"nbf null", `{"exp":1700000100,"nbf":null}`, "time"},
		{"iat ahead", `{"exp":1700000100,"iat":1700000011}`, "not_yet"},
		{"iat a string", `{"exp":1700000100,"iat":"x"}`, "time"},
		{"Exp in another case", `{"Exp":1700000100}`, "time"},
	}
	for _, row := range rows {
		_, reason := checkTimes(parsed(t, row.claims), 1_700_000_000, 10)
		if reason != row.reason {
			t.Errorf("%s: got %q, want %q", row.phrase, reason, row.reason)
		}
	}
}

func TestAudience(t *testing.T) {
	accepted := map[string]bool{"a": true, "b": true}
	rows := []struct {
		phrase, claims string
		fits, skipped  bool
	}{
		{"a string", `{"aud":"a"}`, true, true},
		{"a list", `{"aud":["x","b"]}`, true, true},
		{"another", `{"aud":"x"}`, false, true},
		{"none", `{}`, false, true},
		{"an empty list", `{"aud":[]}`, false, true},
		{"a number in the list", `{"aud":["a",1]}`, false, false},
		{"a number", `{"aud":1}`, false, false},
		{"an object", `{"aud":{"a":1}}`, false, false},
		{"null", `{"aud":null}`, false, false},
		{"another case", `{"aud":"A"}`, false, true},
	}
	for _, row := range rows {
		claims := parsed(t, row.claims)
		if got := audienceFits(claims, accepted, false); got != row.fits {
			t.Errorf("%s: got %v, want %v", row.phrase, got, row.fits)
		}
		if got := audienceFits(claims, accepted, true); got != row.skipped {
			t.Errorf("%s, unchecked: got %v, want %v", row.phrase, got, row.skipped)
		}
	}
}

func TestRoles(t *testing.T) {
	claims := parsed(t, `{
		"realm_access": {"roles": ["realm one", "a.b/c", "ünï"]},
		"resource_access": {
			"a-good": {"roles": ["g1"]},
			"b-list": ["x"],
			"c-number": {"roles": 1},
			"d-mixed": {"roles": ["d1", 2]},
			"e.dotted/slash": {"roles": ["e1"]},
			"f-null": null,
			"g-string": {"roles": "g2"}
		},
		"groups": ["/staff", "/staff/leads"],
		"deep": {"er.x": {"roles": ["deep one"]}},
		"flat": "one two"
	}`)
	clients := []string{"missing", "a-good", "b-list", "c-number", "d-mixed", "e.dotted/slash", "f-null", "g-string"}
	places := [][]string{{"groups"}, {"deep", "er.x", "roles"}, {"flat"}, {"groups", "none"}, {"nowhere", "x"}}
	got := keysOf(collectRoles(claims, clients, places))
	want := []string{"/staff", "/staff/leads", "a.b/c", "deep one", "e1", "g1", "realm one", "ünï"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q, want %q", got, want)
	}
	p := &principal{access: objectOf(claims["resource_access"])}
	for _, client := range clients {
		want := client == "a-good" || client == "e.dotted/slash"
		if p.hasClientRole(client, []string{"x", "g1", "e1", "d1", "1"}) != want {
			t.Errorf("a role of client %q: want %v", client, want)
		}
	}
}

// TestWrongRolesAreNone: whatever stands where a list of roles belongs, it is no
// panic and no roles.
func TestWrongRolesAreNone(t *testing.T) {
	for _, value := range []string{`"admin"`, `1`, `{"admin":true}`, `null`, `true`, `[["admin"]]`, `["admin",null]`, `[1]`} {
		claims := parsed(t, `{"realm_access":{"roles":`+value+`},"resource_access":{"c":{"roles":`+value+`}},"groups":`+value+`}`)
		held := collectRoles(claims, []string{"c"}, [][]string{{"groups"}})
		if len(held) != 1 || !held[""] {
			t.Errorf("%s: got %v", value, held)
		}
		claims = parsed(t, `{"realm_access":`+value+`,"resource_access":`+value+`}`)
		held = collectRoles(claims, []string{"c"}, nil)
		if len(held) != 1 {
			t.Errorf("%s for the whole claim: got %v", value, held)
		}
	}
}

func TestHeaderValues(t *testing.T) {
	claims := `{"s":"text","utf":"Zoë","crlf":"a\r\nX-Evil: 1","nul":"a\u0000","nel":"a\u0085b","line":"a\u2028b","blank":" a","empty":"",
		"list":["a","b"],"comma":["a","b,c","d"],"ctl":["a\n","b"],"none":[],"mixed":["a",1],
		"n":12345678901234567890,"frac":1.50,"yes":true,"null":null,"object":{"b":1,"a":"<&>"},"a.b":"flat","a":{"b":"deep","c":{"d":"deeper"}}}`
	rows := []struct {
		claim, value string
		dropped      bool
	}{
		{"s", "text", false}, {"utf", "Zoë", false}, {"crlf", "", false}, {"nul", "", false}, {"nel", "", false},
		{"line", "", false}, {"blank", "", false}, {"empty", "", false},
		{"list", "a,b", false}, {"comma", "a,d", true}, {"ctl", "b", true}, {"none", "", false}, {"mixed", "", false},
		{"n", "12345678901234567890", false}, {"frac", "1.50", false}, {"yes", "true", false}, {"null", "", false},
		{"object", `{"a":"<&>","b":1}`, false}, {"a.b", "flat", false}, {"a.c.d", "deeper", false}, {"a.x", "", false}, {"missing", "", false},
	}
	for _, row := range rows {
		v := &verifier{identity: []identityClaim{{header: "X-User-Id", claim: "sub"}, {header: "X-Claim", claim: row.claim}}, hints: &onceLog{}}
		p := &principal{roles: map[string]bool{}}
		fillFurther(v, p, parsed(t, claims), []byte(claims))
		got := ""
		if len(p.further) == 1 {
			got = p.further[0].value
		}
		if got != row.value || len(p.further) > 1 {
			t.Errorf("%s: got %q, want %q", row.claim, p.further, row.value)
		}
		if v.hints.said["dropped X-Claim"] != row.dropped {
			t.Errorf("%s: a dropped element is not said, or said without one", row.claim)
		}
	}
}

func TestRolesHeader(t *testing.T) {
	v := &verifier{identity: []identityClaim{{header: "X-User-Id", claim: "sub"}, {header: "X-Roles", claim: "roles"}}, hints: &onceLog{}}
	p := &principal{roles: map[string]bool{"": true, "b": true, "a": true}}
	fillFurther(v, p, map[string]interface{}{"roles": "not these"}, nil)
	if len(p.further) != 1 || p.further[0].value != "a,b" {
		t.Errorf("got %v", p.further)
	}
}

func TestExactClaimsKeepDigits(t *testing.T) {
	claims := exactClaims([]byte(`{"n":12345678901234567890}`))
	if claims["n"] != json.Number("12345678901234567890") {
		t.Errorf("got %v", claims["n"])
	}
}
