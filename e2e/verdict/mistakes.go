package verdict

import "fmt"

// Mistake is a configuration that New must refuse, in every way with the same
// message.
type Mistake struct {
	// Phrase says what is wrong.
	Phrase string
	// Says are what the message must hold: the key's name, and what else a
	// person needs.
	Says []string

	yaml string // laid over the base configuration
}

// mistake makes one.
func mistake(phrase, yaml string, says ...string) Mistake {
	return Mistake{Phrase: phrase, Says: says, yaml: yaml}
}

// mistakeName is the name of a mistake's router in Traefik.
func mistakeName(n int) string { return fmt.Sprintf("mistake-%d", n) }

// Mistakes returns all of them.
func Mistakes() []Mistake {
	list := []Mistake{
		mistake("no issuer", `{issuer: null}`, "issuer:"),
		mistake("an issuer that is no address", `{issuer: shop}`, "issuer:", `"shop"`),
		mistake("an issuer without a host", `{issuer: "https:///realms/x"}`, "issuer:"),
		mistake("an issuer with another scheme", `{issuer: "ftp://sso.example.org/x"}`, "issuer:"),
		mistake("an issuer with a query", `{issuer: "https://sso.example.org/?x"}`, "issuer:"),
		mistake("an issuer with a fragment", `{issuer: "https://sso.example.org/#x"}`, "issuer:"),
		mistake("a realm without Keycloak's address", `{issuer: null, realm: shop}`, "keycloakUrl:"),
		mistake("Keycloak's address without a realm", `{issuer: null, keycloakUrl: "https://sso.example.org"}`, "realm:"),
		mistake("an issuer and a realm that differ", `{keycloakUrl: "https://sso.example.org", realm: shop}`, "issuer:"),
		mistake("no audience", `{audience: null}`, "audience:", "skipAudienceCheck"),
		mistake("an empty audience", `{audience: [""]}`, "audience"),
		mistake("the address of keys is none", `{jwksUrl: keys}`, "jwksUrl:"),
		mistake("the address of discovery is none", `{discoveryUrl: "sso.example.org"}`, "discoveryUrl:"),
		mistake("a further issuer without a name", `{issuers: [{audience: [x]}]}`, "issuers[0].issuer:"),
		mistake("the same issuer twice", `{issuers: [{issuer: "@demo"}]}`, "issuers[0].issuer:"),
		mistake("a further issuer's address of keys is none", `{issuers: [{issuer: "@single", jwksUrl: x}]}`, "issuers[0].jwksUrl:"),
		mistake("the algorithm none", `{algorithms: [RS256, none]}`, "algorithms[1]:", `"none"`),
		mistake("an HMAC algorithm", `{algorithms: [HS256]}`, "algorithms[0]:", `"HS256"`),
		mistake("an unknown algorithm", `{algorithms: [rs256]}`, "algorithms[0]:", `"rs256"`),
		mistake("a leeway that is no duration", `{leeway: ten}`, "leeway:", `"ten"`),
		mistake("a leeway without a unit", `{leeway: 10}`, "leeway:"),
		mistake("a negative leeway", `{leeway: -1s}`, "leeway:"),
		mistake("a leeway of a day", `{leeway: 24h}`, "leeway:"),
		mistake("a negative token size", `{maxTokenBytes: -1}`, "maxTokenBytes:"),
		mistake("a negative cache size", `{tokenCacheSize: -1}`, "tokenCacheSize:"),
		mistake("a time limit that is no duration", `{jwksTimeout: soon}`, "jwksTimeout:"),
		mistake("a refresh of zero", `{jwksRefresh: 0s}`, "jwksRefresh:"),
		mistake("a cooldown longer than the refresh", `{jwksRefresh: 1m, jwksMinRefresh: 2m}`, "jwksMinRefresh:"),
		mistake("a negative staleness", `{jwksMaxStale: -1h}`, "jwksMaxStale:"),
		mistake("an unknown word for unmatched", `{unmatched: allow}`, "unmatched:", `"allow"`),
		mistake("an unknown mode", `{mode: dry}`, "mode:", `"dry"`),
		mistake("an unknown log level", `{logLevel: loud}`, "logLevel:", `"loud"`),
		mistake("an unknown decision log", `{decisionLog: some}`, "decisionLog:", `"some"`),
		mistake("a user id header that is no name", `{userIdHeader: "X User"}`, "userIdHeader:"),
		mistake("a user id in Authorization", `{userIdHeader: Authorization}`, "userIdHeader:"),
		mistake("a header that is no name", `{headers: {"X:Y": email}}`, "headers"),
		mistake("a header of another meaning", `{headers: {Host: email}}`, "headers"),
		mistake("a header without a claim", `{headers: {X-Email: ""}}`, "headers"),
		mistake("two headers that mean the same", `{headers: {X-Mail: email, X_Mail: mail}}`, "headers"),
		mistake("a header that means the user id's", `{headers: {x_user_id: email}}`, "headers", "userIdHeader"),
		mistake("a cookie that is no name", `{cookieName: "a b"}`, "cookieName:"),
		mistake("an empty path to roles", `{rolesClaim: [""]}`, "rolesClaim[0]:"),
		mistake("no rule at all", `{roleMapping: null}`, "roleMapping:"),
		mistake("a CA file that is not there", `{caFile: "@dir/none.pem"}`, "caFile:", "none.pem"),
		mistake("a CA file that holds none", `{caFile: "@dir/role_mapping.yaml"}`, "caFile:"),
		mistake("a preload file that is not there", `{preloadFile: "@dir/none.json"}`, "preloadFile:", "none.json"),
		mistake("several mistakes at once", `{issuer: shop, leeway: ten, mode: dry}`, "issuer:", "leeway:", "mode:"),

		mistake("a path without a leading slash", `{roleMapping: {api: [a]}}`, `roleMapping["api"]`, `start with "/"`),
		mistake("a glob", `{roleMapping: {"/api/*": [a]}}`, `roleMapping["/api/*"]`, `"/api/"`),
		mistake("a double glob", `{roleMapping: {"/api/**": [a]}}`, `roleMapping["/api/**"]`, `"/api/"`),
		mistake("a regular expression", `{roleMapping: {"/api/[a-z]+": [a]}}`, `roleMapping["/api/[a-z]+"]`),
		mistake("a path with a query", `{roleMapping: {"/api?x": [a]}}`, `roleMapping["/api?x"]`),
		mistake("a path with a fragment", `{roleMapping: {"/api#x": [a]}}`, `roleMapping["/api#x"]`),
		mistake("an encoded path", `{roleMapping: {"/a%20b": [a]}}`, `roleMapping["/a%20b"]`),
		mistake("a path with dot segments", `{roleMapping: {"/api/../x": [a]}}`, `roleMapping["/api/../x"]`),
		mistake("a path with two slashes", `{roleMapping: {"/api//x": [a]}}`, `roleMapping["/api//x"]`),
		mistake("an empty role", `{roleMapping: {/api: [""]}}`, `roleMapping["/api"]`),
		mistake("a path twice, told by its slash", `{roleMapping: {/api: [a], /api/: [b]}}`, `/api`),

		mistake("a rule without a path", `{rules: [{roles: [a]}]}`, "rules[0].path"),
		mistake("a rule's path without a leading slash", `{rules: [{path: /x, roles: [a]}, {path: api, roles: [a]}]}`, "rules[1]", "path"),
		mistake("an unknown match", `{rules: [{path: /api, match: regex, roles: [a]}]}`, "rules[0]", "match", `"regex"`),
		mistake("a method in lower case", `{rules: [{path: /api, methods: [get], roles: [a]}]}`, "rules[0]", "methods", `"get"`),
		mistake("a rule that asks nothing", `{rules: [{path: /api}]}`, "rules[0]"),
		mistake("a rule with an empty list of roles", `{rules: [{path: /api, roles: []}]}`, "rules[0]", "public: true"),
		mistake("a public rule with roles", `{rules: [{path: /api, public: true, roles: [a]}]}`, "rules[0]", "public"),
		mistake("a public rule that asks for a token", `{rules: [{path: /api, public: true, authenticated: true}]}`, "rules[0]", "public"),
		mistake("a rule with an unknown mode", `{rules: [{path: /api, mode: dry, roles: [a]}]}`, "rules[0]", "mode"),
		mistake("a rule with a client without roles", `{rules: [{path: /api, clientRoles: {shop: []}}]}`, "rules[0]", "clientRoles"),
		mistake("two rules that disagree", `{rules: [{path: /api, roles: [a]}, {path: /api, roles: [b]}]}`, "rules[0]", "rules[1]", `"/api"`),
		mistake("a rule that disagrees with the mapping", `{rules: [{path: /actuator, roles: [b]}]}`, "rules[0]", `roleMapping["/actuator"]`),
	}
	for _, f := range brokenFiles {
		list = append(list, mistake("a mapping file that is "+f.phrase,
			fmt.Sprintf(`{roleMapping: null, roleMappingFile: "@dir/%s"}`, f.name), append([]string{f.name}, f.says...)...))
	}
	return list
}

// brokenFiles are mapping files that must not be taken; those with no content
// are not there. says is what the message must hold besides the file's name.
var brokenFiles = []struct {
	phrase, name, content string
	says                  []string
}{
	{"missing", "missing.yaml", "", nil},
	{"empty", "empty.yaml", "\n", nil},
	{"nothing but a comment", "comment.yaml", "# /api: [a]\n", nil},
	{"an empty map", "emptymap.yaml", "{}\n", nil},
	{"null", "null.yaml", "null\n", nil},
	{"a list", "list.yaml", "- /api\n- /x\n", []string{":1", "list"}},
	{"a string", "string.yaml", "hello\n", []string{":1"}},
	{"a string for roles", "stringroles.yaml", "/x: [a]\n/api: admin-role\n", []string{":2", "/api"}},
	{"null for roles", "nullroles.yaml", "/x: [a]\n/actuator:\n", []string{":2", "/actuator", "[]"}},
	{"an explicit null for roles", "nullroles2.yaml", "/actuator: ~\n", []string{":1", "/actuator"}},
	{"a map for roles", "maproles.yaml", "/api: {a: b}\n", []string{":1", "/api"}},
	{"a null among roles", "nullrole.yaml", "/api:\n  - a\n  -\n", []string{":3"}},
	{"a list among roles", "listrole.yaml", "/api: [[a]]\n", []string{":1"}},
	{"an empty role", "emptyrole.yaml", "/api: ['']\n", []string{":1"}},
	{"a path twice", "twice.yaml", "/api: [a]\n/x: [b]\n/api: [c]\n", []string{":3", "/api"}},
	{"a path twice, public first", "twicepublic.yaml", "/api: []\n/api: [c]\n", []string{":2", "/api"}},
	{"a path without a leading slash", "noslash.yaml", "/x: [a]\napi: [a]\n", []string{":2", `"api"`, `"/"`}},
	{"indented with a tab", "tab.yaml", "/api:\n\t- a\n", []string{"2", "tab"}},
	{"broken off", "broken.yaml", "/api: [a\n", nil},
	{"two documents", "documents.yaml", "/api: [a]\n---\n/x: []\n", []string{"document"}},
	{"a merge of anchors", "anchors.yaml", "/a: &a [x]\n/b: *a\n", nil},
	{"JSON of the wrong kind", "json.yaml", `["/api"]`, []string{":1"}},
	{"binary", "binary.yaml", "\x00\x01\x02", nil},
	{"a map with rules beside paths", "mixed.yaml", "rules:\n  - {path: /a, public: true}\n/b: [x]\n", []string{":3", "/b"}},
	{"rules with an unknown key", "unknownkey.yaml", "rules:\n  - path: /a\n    role: [x]\n", []string{":3", `"role"`}},
	{"rules without a list", "norules.yaml", "rules: {path: /a}\n", []string{":1"}},
	{"a rule that asks nothing", "asksnothing.yaml", "rules:\n  - path: /a\n", []string{":2"}},
}
