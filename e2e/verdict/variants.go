package verdict

import (
	"fmt"
	"net/url"
	"strings"

	"go.yaml.in/yaml/v3"
)

// variant is one configuration of the plugin. Each has a host of its own, by
// which a request finds its middleware in every way.
type variant struct {
	// name is what a row's deviation config calls it.
	name string
	// yaml is laid over the base configuration, key by key; null takes a key
	// of the base away. "@demo" and so on stand for the issuer identifier of
	// a realm, "@dir" for the folder with the files of policyFiles.
	yaml string
	// realm is the challenge's realm, where it is not demo.
	realm string
	// header is the identity header, where it is not X-User-Id.
	header string
}

// base is the configuration of the allowed request. Its first four paths are
// the mapping that users of forwardAuth bring along.
var base = `
issuer: "@demo"
audience: labs64-api
roleMapping:
  /api/v1/admin: [admin-role]
  /api/v1/auditflow: [admin-role, auditflow-role]
  /v3/api-docs: []
  /actuator: []
  /actuator/env: [admin-role]
  /roles/dots: [role.with.dots]
  /roles/blanks: [role with blanks]
  /roles/slash: [group/role]
  /roles/umlaut: ["Prüfer-Läden"]
  /roles/emoji: ["🔑"]
  /roles/long: ["` + longRole + `"]
  /roles/comma: ["a,b"]
  "/pfad/grüße": [auditflow-role]
  /with blank: [auditflow-role]
logLevel: debug
decisionLog: "off"
`

// longRole is as long a name as Keycloak's database column holds.
var longRole = strings.Repeat("role-", 51)

// variants are all configurations; the first one is the base.
var variants = []variant{
	{name: "base"},

	// Where the policy comes from.
	{name: "file", yaml: `{roleMapping: null, roleMappingFile: "@dir/role_mapping.yaml"}`},
	{name: "file-rules", yaml: `{roleMapping: null, roleMappingFile: "@dir/rules.yaml"}`},
	{name: "authenticated", yaml: `{unmatched: authenticated}`},
	{name: "root", yaml: `{roleMapping: {/: [auditflow-role], /open: []}}`},
	{name: "open", yaml: `{roleMapping: {/: [], /closed: [admin-role], /closed/again: []}}`},
	{name: "fold", yaml: `{caseInsensitivePaths: true}`},
	{name: "shadow", yaml: `{mode: shadow}`},
	{name: "rules", yaml: `
roleMapping: {/both: [auditflow-role]}
rules:
  - {path: /orders, methods: [GET], roles: [auditflow-role]}
  - {path: /orders, roles: [admin-role]}
  - {path: /all, allRoles: [auditflow-role, offline_access]}
  - {path: /all/missing, allRoles: [auditflow-role, admin-role]}
  - {path: /exact, match: exact, public: true}
  - {path: /exact, roles: [admin-role]}
  - {path: /client, clientRoles: {labs64-api: [auditflow-role]}}
  - {path: /clients, clientRoles: {labs64-api: [auditflow-role], account: [manage-account]}}
  - {path: /scope, scopes: [email, profile]}
  - {path: /scope/more, scopes: [email, admin]}
  - {path: /any, authenticated: true}
  - {path: /pub, public: true}
  - {path: /pub/write, methods: [POST, PUT], roles: [admin-role]}
  - {path: /roles-and-scope, roles: [auditflow-role], scopes: [admin]}
  - {path: /tried, mode: shadow, roles: [admin-role]}
  - {path: /both/tried, mode: shadow, roles: [admin-role]}
`},

	// What is asked of a token.
	{name: "skip-audience", yaml: `{audience: null, skipAudienceCheck: true}`},
	{name: "audiences", yaml: `{audience: [first-api, labs64-api]}`},
	{name: "azp", yaml: `{authorizedParties: [labs64-web]}`},
	{name: "rs256", yaml: `{algorithms: [RS256]}`},
	{name: "es256", yaml: `{algorithms: [ES256]}`},
	{name: "no-leeway", yaml: `{leeway: 0s}`},
	{name: "long-leeway", yaml: `{leeway: 2m}`},
	{name: "any-typ", yaml: `{requireTyp: false}`},
	{name: "short-token", yaml: `{maxTokenBytes: 1000}`},
	{name: "long-token", yaml: `{maxTokenBytes: 150000}`},
	{name: "no-cache", yaml: `{tokenCacheSize: 0}`},

	// Which roles count.
	{name: "client-roles", yaml: `{clientRoles: [billing.api, "team/blue", "Größe 1"]}`},
	{name: "no-client-roles", yaml: `{audience: other-api, clientRoles: [labs64-api], skipAudienceCheck: true}`},
	// Traefik's file provider knows no lists of lists; a text with commas becomes one.
	{name: "roles-claim", yaml: `{rolesClaim: [groups, "https://example.org/roles", "app,team.blue,roles"]}`},

	// What the service and the client see.
	{name: "user-header", yaml: `{userIdHeader: X-Auth-Subject}`, header: "X-Auth-Subject"},
	{name: "headers", yaml: `
headers:
  X-User-Name: preferred_username
  X-User-Email: email
  X-User-Roles: roles
  X-Verified: email_verified
  X-Level: level
  X-Groups: groups
  X-Address: address
  X-City: address.city
  X-Dotted: app.tenant
`},
	{name: "no-authorization", yaml: `{forwardAuthorization: false}`},
	{name: "cookie", yaml: `{cookieName: session}`},
	{name: "query", yaml: `{queryParam: access_token}`},
	{name: "cookie-and-query", yaml: `{cookieName: session, queryParam: access_token}`},
	{name: "preflight", yaml: `{allowPreflight: true}`},

	// Whose keys.
	{name: "single", yaml: `{issuer: "@single"}`, realm: "single"},
	{name: "odd", yaml: `{issuer: "@odd"}`, realm: "odd"},
	{name: "umlaut", yaml: `{issuer: "@Läden 2"}`, realm: "Läden 2"},
	{name: "by-realm", yaml: `{issuer: null, keycloakUrl: "@base", realm: "Läden 2"}`, realm: "Läden 2"},
	{name: "two", yaml: `{issuers: [{issuer: "@single", audience: [single-api]}]}`},
	{name: "jwks-url", yaml: `{issuer: "https://sso.example.org/realms/public", jwksUrl: "@single/protocol/openid-connect/certs"}`, realm: "public"},
	{name: "html", yaml: `{issuer: "@html", jwksTimeout: 2s}`, realm: "html"},
	{name: "huge", yaml: `{issuer: "@huge", jwksTimeout: 2s}`, realm: "huge"},
	{name: "empty", yaml: `{issuer: "@empty", jwksTimeout: 2s}`, realm: "empty"},
	{name: "no-keys", yaml: `{issuer: "@no-keys", jwksTimeout: 2s}`, realm: "no-keys"},
	{name: "hangs", yaml: `{issuer: "@hangs", jwksTimeout: 300ms}`, realm: "hangs"},
	{name: "down", yaml: `{jwksUrl: "http://127.0.0.1:1/certs", jwksTimeout: 2s}`},
}

// policyFiles are what roleMappingFile of the variants names.
var policyFiles = map[string]string{
	"role_mapping.yaml": `# role_mapping.yaml
/api/v1/admin:
  - admin-role

/api/v1/auditflow:
  - admin-role
  - auditflow-role

# Public paths are defined with an empty list
/v3/api-docs: []
/actuator: []
`,
	"rules.yaml": `rules:
  - path: /api/v1/auditflow
    methods: [GET]
    roles: [auditflow-role]
  - path: /api/v1/auditflow
    roles: [admin-role]
  - path: /health
    match: exact
    public: true
`,
}

// find returns the variant of a name.
func find(name string) variant {
	for _, v := range variants {
		if v.name == name {
			return v
		}
	}
	panic(fmt.Sprintf("no variant %q", name))
}

func (v variant) host() string { return v.name + ".test" }

func (v variant) userHeader() string {
	if v.header != "" {
		return v.header
	}
	return "X-User-Id"
}

func (v variant) challenge() string {
	realm := v.realm
	if realm == "" {
		realm = "demo"
	}
	return `Bearer realm="` + realm + `"`
}

// overlay lays YAML over the base configuration.
func overlay(over string) (string, error) {
	config := map[string]any{}
	for _, text := range []string{base, over} {
		if err := yaml.Unmarshal([]byte(text), &config); err != nil {
			return "", fmt.Errorf("configuration %q: %w", text, err)
		}
	}
	for key, value := range config {
		if value == nil {
			delete(config, key)
		}
	}
	out, err := yaml.Marshal(config)
	return string(out), err
}

// fill replaces the marks of a variant's YAML.
func (s *Site) fill(text string) string {
	for _, name := range realms {
		text = strings.ReplaceAll(text, "@"+name, s.issuer.Base()+"/realms/"+url.PathEscape(name))
	}
	text = strings.ReplaceAll(text, "@base", s.issuer.Base())
	return strings.ReplaceAll(text, "@dir", s.dir)
}
