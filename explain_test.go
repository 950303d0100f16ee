package authproxy

import (
	"context"
	"encoding/json"
	"math/rand"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
	"testing"
)

// mappingIn writes a role mapping file.
func mappingIn(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "role_mapping.yaml")
	err := os.WriteFile(file, []byte(text), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// loaded is the policy of a file that must be sound.
func loaded(t *testing.T, text string, config *Config) *Policy {
	t.Helper()
	p, findings, err := LoadPolicy(mappingIn(t, text), config)
	if err != nil || p == nil {
		t.Fatal(err, findings)
	}
	return p
}

// TestExplainIsTheMiddleware: whatever the policy, what is explained is what the
// middleware answers.
func TestExplainIsTheMiddleware(t *testing.T) {
	is := newTestIssuer(t)
	people := []struct {
		who   *Access
		token string
	}{
		{nil, ""},
		{&Access{Refused: reasonShape}, "garbage"},
		{&Access{}, is.good(map[string]interface{}{"realm_access": nil, "scope": nil})},
		{&Access{Roles: []string{"a"}}, is.good(map[string]interface{}{"realm_access": map[string]interface{}{"roles": []string{"a"}}, "scope": nil})},
		{&Access{Roles: []string{"a", "b"}, Scopes: []string{"read"}}, is.good(map[string]interface{}{"realm_access": map[string]interface{}{"roles": []string{"a", "b"}}, "scope": "read"})},
		{&Access{ClientRoles: map[string][]string{"account": {"b"}, "shop": {"a"}}}, is.good(map[string]interface{}{
			"realm_access": nil, "scope": nil,
			"resource_access": map[string]interface{}{"account": map[string]interface{}{"roles": []string{"b"}}, "shop": map[string]interface{}{"roles": []string{"a"}}},
		})},
	}
	targets := []string{
		"/", "/x", "/x/", "/x/y", "/x/y/z?q=1", "/X", "/xy", "//x", "/x/..%2fy", "/x;v=1/y", "/x%2fy", "/x/%2e%2e/y", "/y/.",
		"/%zz", "/x%00", "http://host/x", "*", "", "/x%5cy",
	}
	methods := []string{"GET", "HEAD", "POST", "OPTIONS"}
	random := rand.New(rand.NewSource(1))
	asked := map[string]int{}
	for round := 0; round < 30; round++ {
		rules := randomRules(random)
		text, err := json.Marshal(map[string]interface{}{"rules": rules})
		if err != nil {
			t.Fatal(err)
		}
		config := is.config()
		config.RoleMapping = nil
		config.Rules = rules
		config.CaseInsensitivePaths = round%4 == 0
		if round%3 == 0 {
			config.Unmatched = "authenticated"
		}
		policy, findings, err := LoadPolicy(mappingIn(t, string(text)), config)
		if err != nil {
			t.Fatal(err)
		}
		_, err = New(context.Background(), nil, config, t.Name())
		if (err != nil) != (policy == nil) {
			t.Fatalf("%s: New says %v, the findings are %v", text, err, findings)
		}
		if policy == nil {
			asked["refused policies"]++
			continue
		}
		h, b := build(t, config)
		for i := 0; i < 40; i++ {
			target := targets[random.Intn(len(targets))]
			method := methods[random.Intn(len(methods))]
			person := people[random.Intn(len(people))]
			e := policy.Explain(method, target, person.who)
			asked[e.Reason]++
			if target == "" || target == "/%zz" {
				// net/http answers these itself, 400 as well.
				if e.Status != 400 {
					t.Errorf("%q: explained as %d", target, e.Status)
				}
				continue
			}
			before := b.count()
			got := send(h, method, target, person.token).Code
			passed := b.count() > before
			if got != e.Status || passed != (e.Outcome == "allow") {
				t.Errorf("%s: %s %s as %v: explained as %s %d (%s), answered with %d", text, method, target, person.who, e.Outcome, e.Status, e.Reason, got)
			}
		}
	}
	for _, reason := range []string{reasonPublic, reasonGranted, reasonNoToken, reasonRoles, reasonScopes, reasonNoRule, reasonBadPath, reasonShape, "refused policies"} {
		if asked[reason] == 0 {
			t.Errorf("%s never came up", reason)
		}
	}
}

func randomRules(random *rand.Rand) []RuleConfig {
	paths := []string{"/", "/x", "/x/y", "/y", "/X/y", "/x/"}
	var rules []RuleConfig
	count := 1 + random.Intn(5)
	for i := 0; i < count; i++ {
		rule := RuleConfig{Path: paths[random.Intn(len(paths))]}
		if random.Intn(4) == 0 {
			rule.Match = "exact"
		}
		switch random.Intn(4) {
		case 0:
			rule.Methods = []string{"GET"}
		case 1:
			rule.Methods = []string{"POST", "HEAD"}
		}
		if random.Intn(6) == 0 {
			rule.Mode = "shadow"
		}
		switch random.Intn(7) {
		case 0, 1:
			rule.Public = true
		case 2:
			rule.Authenticated = true
		case 3:
			rule.Roles = []string{"a", "b"}
		case 4:
			rule.AllRoles = []string{"a", "b"}
		case 5:
			rule.Scopes = []string{"read"}
		case 6:
			rule.ClientRoles = map[string][]string{"shop": {"a"}}
		}
		rules = append(rules, rule)
	}
	return rules
}

func TestExplainShowsTheWay(t *testing.T) {
	p := loaded(t, `rules:
  - {path: /, authenticated: true}
  - {path: /public, public: true}
  - {path: /api, roles: [user]}
  - {path: /api, methods: [DELETE], roles: [admin]}
  - {path: /api/new, roles: [tester], mode: shadow, name: new}
`, CreateConfig())
	e := p.Explain("GET", "/public/..%2fapi/new?x=1", &Access{Roles: []string{"user"}})
	var lines []string
	for _, reading := range e.Readings {
		line := reading.Path
		for _, c := range reading.Rules {
			line += " " + c.Name + ":" + c.Part
		}
		lines = append(lines, line)
	}
	sort.Strings(lines)
	want := []string{
		"/api/new new:trial /api:method /api:decides",
		"/public/..%2fapi/new /public:decides",
		"/public/../api/new /public:decides",
	}
	if !reflect.DeepEqual(lines, want) {
		t.Errorf("readings: got %q, want %q", lines, want)
	}
	if len(e.Enforced) != 2 || e.Rule == nil || e.Rule.Name != "/api" || e.Rule.Line != 4 || !reflect.DeepEqual(e.Rule.Config.Roles, []string{"user"}) {
		t.Errorf("the deciding rule: got %+v of %+v", e.Rule, e.Enforced)
	}
	if len(e.Trials) != 1 || e.Trials[0].Rule.Name != "new" || e.Trials[0].Reason != reasonRoles {
		t.Errorf("trials: got %+v", e.Trials)
	}
	if e.Outcome != "allow" || e.Reason != reasonGranted {
		t.Errorf("got %s, %s", e.Outcome, e.Reason)
	}
	// Beneath the rule of the very method lies the one for all.
	e = p.Explain("DELETE", "/api", nil)
	if len(e.Readings) != 1 || len(e.Readings[0].Rules) != 2 || e.Readings[0].Rules[1].Part != "beneath" || e.Rule.Line != 5 {
		t.Errorf("DELETE: got %+v", e.Readings)
	}
	if e := p.Explain("GET", "/%00..", nil); e.Rule == nil {
		t.Errorf("a path that can be read has no rule")
	}
	if e := p.Explain("GET", "nowhere", nil); e.Rule != nil || e.Reason != reasonBadPath {
		t.Errorf("a path that cannot be read: got %+v", e)
	}
}

func TestRulesKeepTheirPlaces(t *testing.T) {
	p := loaded(t, "{/b: [x], /a: []}\n", CreateConfig())
	rules := p.Rules()
	if len(rules) != 2 || rules[0].Name != "/b" || rules[1].Name != "/a" || rules[1].Line != 1 || !rules[1].Config.Public {
		t.Errorf("got %+v", rules)
	}
	e := p.Explain("GET", "/a", nil)
	if e.Rule.Name != "/a" || !e.Rule.Config.Public {
		t.Errorf("two rules on one line are mixed up: got %+v", e.Rule)
	}
}

// TestFindings: what is wrong is told with its line, in the order of the file.
func TestFindings(t *testing.T) {
	rows := []struct {
		phrase, text string
		sound        bool
		want         []string
	}{
		{"all is well", "/a: [x]\n", true, nil},
		{"errors and warnings by line", "/a: [X, x]\n\n/b:\n  - 'x '\n/c/*: [x]\n", false, []string{
			`1 warning [1]: "x" differs from "X" only in case or blanks, and roles are compared exactly`,
			`3 warning [0]: "x " begins or ends with a blank, and roles are compared exactly`,
			`3 warning the role "x " differs from "X" (`,
			`5 error a prefix needs no pattern: write "/c/"`,
		}},
		{"not YAML", "/a: [x\n", false, []string{"1 error did not find expected"}},
		{"nothing", "", false, []string{"0 error the file is empty"}},
		{"public root", "/: []\n/a: [x]\n/b: [x]\n", true, []string{`1 warning the public path "/" lies above 2 protected paths, such as "/a"`}},
		{"exact beneath public", "rules:\n  - {path: /a, public: true}\n  - {path: /a/b, match: exact, roles: [x]}\n", true, []string{`2 warning rules[0]: the public path "/a" lies above the protected path "/a/b"`}},
		{"exact on a public path", "rules:\n  - {path: /a, public: true}\n  - {path: /a/, match: exact, roles: [x]}\n", true, []string{`2 warning rules[0]: the public path "/a" lies above the protected path "/a/"`}},
		{"public beneath public", "/a: []\n/a/b: []\n", true, nil},
		{"roles across rules", "/a: [Admin]\n/b: [admin]\n", true, []string{`2 warning the role "admin" differs from "Admin"`}},
		{"a trial alone", "rules:\n  - {path: /a, roles: [x], mode: shadow}\n", true, []string{`2 warning rules[0]: the rule for "/a" is on trial and no enforced rule lies beneath it`}},
		{"a trial for a method that nothing beneath is for", "rules:\n  - {path: /a, methods: [PUT], roles: [x], mode: shadow}\n  - {path: /, methods: [GET], roles: [x]}\n", true, []string{"2 warning rules[0]: the rule for"}},
		{"a trial above a rule", "rules:\n  - {path: /a, match: exact, roles: [x], mode: shadow}\n  - {path: /, roles: [y]}\n", true, nil},
	}
	for _, row := range rows {
		p, findings, err := LoadPolicy(mappingIn(t, row.text), CreateConfig())
		if err != nil {
			t.Fatal(err)
		}
		if (p != nil) != row.sound || len(findings) != len(row.want) {
			t.Errorf("%s: sound %t, got %+v, want %q", row.phrase, p != nil, findings, row.want)
			continue
		}
		for i, f := range findings {
			got := string(rune('0'+f.Line)) + " " + f.Severity + " " + f.Text
			if !strings.HasPrefix(got, row.want[i]) {
				t.Errorf("%s: got %q, want %q", row.phrase, got, row.want[i])
			}
		}
	}
	_, _, err := LoadPolicy(filepath.Join(t.TempDir(), "missing.yaml"), CreateConfig())
	if err == nil {
		t.Error("a missing file is no error")
	}
}

// TestCheckToken: a token's report says what the middleware says, and its checks
// agree with the verdict.
func TestCheckToken(t *testing.T) {
	is := newTestIssuer(t)
	config := is.config()
	config.AuthorizedParties = []string{"web"}
	h, _ := build(t, config)
	good := is.good(nil)
	parts := strings.Split(good, ".")
	other := strings.Split(is.good(map[string]interface{}{"sub": "user-2"}), ".")
	rows := []struct {
		phrase, token    string
		reason, keyless  string // reason words; keyless without keys and audience
		signatureChecked bool
	}{
		{"good", good, "", "", true},
		{"no token", "garbage", reasonShape, reasonShape, false},
		{"not base64url", parts[0] + ".+." + parts[2], reasonShape, reasonShape, false},
		{"too long", strings.Repeat("a", 40000), reasonTooLong, reasonTooLong, false},
		{"alg none", b64([]byte(`{"alg":"none"}`)) + "." + parts[1] + "." + parts[2], reasonAlgorithm, reasonAlgorithm, false},
		{"a key that is not there", b64([]byte(`{"alg":"RS256","kid":"x"}`)) + "." + parts[1] + "." + parts[2], reasonUnknownKey, "", false},
		{"no kid", b64([]byte(`{"alg":"RS256"}`)) + "." + parts[1] + "." + parts[2], reasonMissingKeyID, "", false},
		{"another alg", b64([]byte(`{"alg":"ES256","kid":"k1"}`)) + "." + parts[1] + "." + parts[2], reasonKeyMismatch, "", false},
		{"another's signature", parts[0] + "." + parts[1] + "." + other[2], reasonSignature, "", false},
		{"a payload of no object", parts[0] + "." + b64([]byte(`[1]`)) + "." + parts[2], reasonSignature, reasonClaims, false},
		{"a foreign issuer", is.good(map[string]interface{}{"iss": "https://other.example"}), reasonIssuer, "", true},
		{"no issuer", is.good(map[string]interface{}{"iss": nil}), reasonIssuer, reasonIssuer, true},
		{"bound", is.good(map[string]interface{}{"cnf": map[string]interface{}{}}), reasonBound, reasonBound, true},
		{"an ID token", is.good(map[string]interface{}{"typ": "ID"}), reasonType, reasonType, true},
		{"expired", is.good(map[string]interface{}{"exp": 1700000000}), reasonExpired, reasonExpired, true},
		{"expired, and for others", is.good(map[string]interface{}{"exp": 1700000000, "aud": "x", "azp": "y"}), reasonExpired, reasonExpired, true},
		{"for another audience", is.good(map[string]interface{}{"aud": "x"}), reasonAudience, "", true},
		{"an audience of no sense", is.good(map[string]interface{}{"aud": 1}), reasonAudience, reasonAudience, true},
		{"from another client", is.good(map[string]interface{}{"azp": "x"}), reasonParty, "", true},
	}
	for _, row := range rows {
		report, err := CheckToken(context.Background(), config, row.token)
		if err != nil {
			t.Fatal(err)
		}
		if report.Reason != row.reason || report.Verified != row.signatureChecked {
			t.Errorf("%s: got %q, verified %t; want %q, %t", row.phrase, report.Reason, report.Verified, row.reason, row.signatureChecked)
		}
		agrees(t, row.phrase, report)
		passes := send(h, "GET", "/api/v1/auditflow", row.token).Code == 200
		if passes != (report.Reason == "") || passes != (report.Access != nil) {
			t.Errorf("%s: the middleware lets it pass: %t; the report says %q, %+v", row.phrase, passes, report.Reason, report.Access)
		}

		report, err = CheckToken(context.Background(), CreateConfig(), row.token)
		if err != nil {
			t.Fatal(err)
		}
		if report.Reason != row.keyless || report.Verified {
			t.Errorf("%s: without keys: got %q, verified %t; want %q", row.phrase, report.Reason, report.Verified, row.keyless)
		}
		agrees(t, row.phrase+" (without keys)", report)
	}
	report, err := CheckToken(context.Background(), config, good)
	if err != nil {
		t.Fatal(err)
	}
	want := &Access{Roles: []string{"auditflow-role", "view-profile"}, ClientRoles: map[string][]string{"account": {"view-profile"}}, Scopes: []string{"email", "openid"}}
	if !reflect.DeepEqual(report.Access, want) || report.Identity["X-User-Id"] != "user-1" {
		t.Errorf("got %+v, %v; want %+v", report.Access, report.Identity, want)
	}
	if exp, ok := report.Claims["exp"].(json.Number); !ok || report.Header["kid"] != "k1" {
		t.Errorf("got exp %v, header %v", exp, report.Header)
	}
}

// agrees checks that the first refused check is the verdict, apart from those that
// verify never came to.
func agrees(t *testing.T, phrase string, report *TokenReport) {
	t.Helper()
	first := ""
	for _, check := range report.Checks {
		if check.Outcome == "refused" && first == "" {
			first = check.Reason
		}
		if (check.Outcome == "refused") != (check.Reason != "") {
			t.Errorf("%s: got %+v", phrase, check)
		}
	}
	if first != report.Reason {
		t.Errorf("%s: the verdict is %q, the first refused check %q", phrase, report.Reason, first)
	}
}

func TestCheckTokenSaysWhyItCannot(t *testing.T) {
	is := newTestIssuer(t)
	token := is.good(nil)
	config := is.config()
	config.Issuer = "no address"
	_, err := CheckToken(context.Background(), config, token)
	if err == nil || !strings.Contains(err.Error(), "issuer: want an address") {
		t.Errorf("got %v", err)
	}
	config.Issuer = is.url + "x"
	_, err = CheckToken(context.Background(), config, token)
	if err == nil || !strings.Contains(err.Error(), "discovery") {
		t.Errorf("got %v", err)
	}
	if is.keysAsked() != 0 {
		t.Error("keys were asked for")
	}
	// Keys of a file, and no network.
	keys, err := json.Marshal(map[string]interface{}{"keys": is.keys})
	if err != nil {
		t.Fatal(err)
	}
	config = is.config()
	config.PreloadFile = filepath.Join(t.TempDir(), "keys.json")
	err = os.WriteFile(config.PreloadFile, keys, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	is.server.Close()
	report, err := CheckToken(context.Background(), config, token)
	if err != nil || !report.Verified || report.Reason != "" {
		t.Errorf("got %+v, %v", report, err)
	}
}
