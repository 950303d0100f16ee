package authproxy

// Config is the plugin's configuration as Traefik decodes it: every value is
// what the user wrote, nothing is checked yet. [New] compiles it and fails with
// the key's name when a value is wrong. Durations are Go duration strings such
// as "10s" or "5m"; the zero value of a field means its default.
//
// Slices and maps have no defaults here on purpose: Traefik up to v3.5.0 merges
// a user's list into a default one element by element. New fills them in.
type Config struct {
	// Issuer is the exact `iss` of accepted tokens, e.g.
	// "https://auth.example.com/realms/shop" (RFC 7519 section 4.1.1). Required,
	// unless KeycloakURL and Realm are given, which make it.
	Issuer string `json:"issuer,omitempty"`
	// KeycloakURL is Keycloak's base address, e.g. "https://auth.example.com".
	// Together with Realm it makes Issuer: <keycloakUrl>/realms/<realm>.
	KeycloakURL string `json:"keycloakUrl,omitempty"`
	// Realm is the realm's name as Keycloak shows it, not percent-encoded.
	Realm string `json:"realm,omitempty"`
	// JWKSURL is where the issuer's keys are fetched (RFC 7517), when that is not
	// what discovery says, such as an inner address. Default: discovery.
	JWKSURL string `json:"jwksUrl,omitempty"`
	// DiscoveryURL is the address of the discovery document when it is not
	// <issuer>/.well-known/openid-configuration, such as an inner address. The
	// document must still name Issuer exactly.
	DiscoveryURL string `json:"discoveryUrl,omitempty"`
	// Issuers are further issuers beside Issuer. A key vouches for its own issuer
	// only; the token's `iss` selects. Default: none.
	Issuers []IssuerConfig `json:"issuers,omitempty"`

	// Audience lists the audiences of which one must be in the token's `aud`
	// (RFC 7519 section 4.1.3). Required unless SkipAudienceCheck is set.
	Audience []string `json:"audience,omitempty"`
	// SkipAudienceCheck accepts tokens for any audience. Risk: every client of the
	// realm can then use its users' tokens here. Default: false.
	SkipAudienceCheck bool `json:"skipAudienceCheck,omitempty"`
	// AuthorizedParties lists the clients (`azp`) whose tokens are accepted.
	// Default: any.
	AuthorizedParties []string `json:"authorizedParties,omitempty"`
	// Algorithms lists the accepted signature algorithms (RFC 7518 section 3.1,
	// RFC 8037). Default: RS, PS and ES 256–512 and EdDSA. `none` and HMAC are
	// never accepted.
	Algorithms []string `json:"algorithms,omitempty"`
	// Leeway is the tolerated clock difference for `exp`, `nbf` and `iat`; at most
	// 1h. Default: "10s".
	Leeway string `json:"leeway,omitempty"`
	// RequireTyp demands that a token says it is an access token: payload `typ`
	// Bearer, or header `typ` at+jwt (RFC 9068). When false, a token whose payload
	// has no `typ` passes too. Risk: other things that the realm signs, such as
	// userinfo or authorization responses, carry no `typ` either. Default: true.
	RequireTyp bool `json:"requireTyp"`
	// MaxTokenBytes is the longest token accepted, in bytes. Default: 32768.
	MaxTokenBytes int `json:"maxTokenBytes,omitempty"`

	// RoleMapping maps a path prefix to the roles of which any one suffices; an
	// empty list makes the prefix public. Default: none.
	RoleMapping map[string][]string `json:"roleMapping,omitempty"`
	// RoleMappingFile is the path of a YAML file that holds such a map, or
	// {rules: [...]}. It is read again within 2 s of a change; a broken version
	// keeps the last good policy. Default: none.
	RoleMappingFile string `json:"roleMappingFile,omitempty"`
	// Rules say what a map cannot: methods, exact paths, all-of, scopes, client
	// roles. Default: none.
	Rules []RuleConfig `json:"rules,omitempty"`
	// ClientRoles lists the clients whose `resource_access` roles count beside the
	// realm's. Default: Audience.
	ClientRoles []string `json:"clientRoles,omitempty"`
	// RolesClaim lists further places of roles in the token, each as a list of path
	// elements. Traefik takes no list of lists: write each place as one string with
	// commas, e.g. ["groups", "app,permissions"]. Default: none.
	RolesClaim [][]string `json:"rolesClaim,omitempty"`
	// Unmatched decides requests that no rule matches, once their token is good:
	// "deny" (default) or "authenticated".
	Unmatched string `json:"unmatched,omitempty"`
	// CaseInsensitivePaths also checks every path with its letters folded, for
	// backends that ignore case. Default: false.
	CaseInsensitivePaths bool `json:"caseInsensitivePaths,omitempty"`
	// Mode is "enforce" (default) or "shadow": decide, log, let pass. Risk: shadow
	// protects nothing.
	Mode string `json:"mode,omitempty"`
	// AllowPreflight lets CORS preflight requests pass without a token. Default:
	// false.
	AllowPreflight bool `json:"allowPreflight,omitempty"`

	// UserIDHeader is the request header that carries the token's `sub` to the
	// service. Default: "X-User-Id".
	UserIDHeader string `json:"userIdHeader,omitempty"`
	// Headers maps further request headers to claims: a top-level claim's name
	// taken as it is, else a path with dots; `roles` stands for the roles that
	// counted. Default: none.
	Headers map[string]string `json:"headers,omitempty"`
	// ForwardAuthorization passes the token on to the service. Default: true.
	ForwardAuthorization bool `json:"forwardAuthorization"`
	// CookieName is a cookie that may carry the token instead of the
	// Authorization header. Risk: browsers send cookies by themselves, so the
	// service must defend itself against CSRF. Default: off.
	CookieName string `json:"cookieName,omitempty"`
	// QueryParam is a query parameter that may carry the token. Risk: addresses end
	// up in logs and histories (RFC 6750 section 5.3). Default: off.
	QueryParam string `json:"queryParam,omitempty"`

	// CAFile is a PEM file of the certificate authorities trusted for the issuer,
	// read again when it changes. Default: the system's.
	CAFile string `json:"caFile,omitempty"`
	// InsecureSkipVerify turns the check of the issuer's TLS certificate off. Risk:
	// whoever sits between can hand out keys. Default: false.
	InsecureSkipVerify bool `json:"insecureSkipVerify,omitempty"`
	// JWKSTimeout limits one fetch of keys, discovery included. Default: "5s".
	JWKSTimeout string `json:"jwksTimeout,omitempty"`
	// JWKSRefresh is how often keys are fetched again. Default: "5m".
	JWKSRefresh string `json:"jwksRefresh,omitempty"`
	// JWKSMinRefresh is the shortest time between two fetches that requests cause
	// by an unknown key id or by the lack of any keys. Default: "10s".
	JWKSMinRefresh string `json:"jwksMinRefresh,omitempty"`
	// JWKSMaxStale is how long keys serve after the issuer's last good answer.
	// Default: "24h".
	JWKSMaxStale string `json:"jwksMaxStale,omitempty"`
	// PreloadFile is a JWKS file of Issuer's that serves until its first answer.
	// Default: none.
	PreloadFile string `json:"preloadFile,omitempty"`

	// TokenCacheSize is how many verified tokens are remembered; 0 verifies every
	// request anew. Default: 10000.
	TokenCacheSize int `json:"tokenCacheSize"`
	// LogLevel is "debug", "info" (default), "warn" or "error".
	LogLevel string `json:"logLevel,omitempty"`
	// DecisionLog is "off", "denied" (default) or "all": one JSON line per decision.
	DecisionLog string `json:"decisionLog,omitempty"`
}

// IssuerConfig is a further issuer. Its fields mean what those of [Config] mean.
type IssuerConfig struct {
	// Issuer is the exact `iss` of this issuer's tokens. Required.
	Issuer string `json:"issuer,omitempty"`
	// JWKSURL is where its keys are fetched. Default: discovery.
	JWKSURL string `json:"jwksUrl,omitempty"`
	// DiscoveryURL is its discovery document. Default: at the issuer.
	DiscoveryURL string `json:"discoveryUrl,omitempty"`
	// Audience lists its accepted audiences. Default: Config.Audience.
	Audience []string `json:"audience,omitempty"`
	// PreloadFile is a JWKS file of this issuer that serves until its first answer.
	// Default: none.
	PreloadFile string `json:"preloadFile,omitempty"`
	// ClientRoles lists its clients whose roles count. Default: Audience, where this
	// issuer has its own, else Config.ClientRoles.
	ClientRoles []string `json:"clientRoles,omitempty"`
}

// RuleConfig is one access rule. Every condition that is given must hold. Of the
// rules that match a request the most specific decides: an exact path before a
// prefix, a longer prefix before a shorter one, a rule with methods before one
// without. Their order does not matter.
type RuleConfig struct {
	// Name stands for the rule in logs and messages. Default: its path.
	Name string `json:"name,omitempty" yaml:"name"`
	// Path is a path or a path prefix; it starts with "/", is not percent-encoded
	// and has no query. Required.
	Path string `json:"path,omitempty" yaml:"path"`
	// Match is "prefix" (default; ends on a segment boundary) or "exact".
	Match string `json:"match,omitempty" yaml:"match"`
	// Methods are the HTTP methods that the rule is for; HEAD follows GET. Default:
	// all.
	Methods []string `json:"methods,omitempty" yaml:"methods"`
	// Roles are the roles of which any one suffices.
	Roles []string `json:"roles,omitempty" yaml:"roles"`
	// AllRoles are roles that are all needed.
	AllRoles []string `json:"allRoles,omitempty" yaml:"allRoles"`
	// ClientRoles maps a client to its roles of which any one suffices; of every
	// client named one is needed.
	ClientRoles map[string][]string `json:"clientRoles,omitempty" yaml:"clientRoles"`
	// Scopes are the OAuth scopes (claim `scope`) that are all needed.
	Scopes []string `json:"scopes,omitempty" yaml:"scopes"`
	// Public lets every request pass, without a token.
	Public bool `json:"public,omitempty" yaml:"public"`
	// Authenticated asks for a good token and no role.
	Authenticated bool `json:"authenticated,omitempty" yaml:"authenticated"`
	// Mode is "enforce" (default) or "shadow": the rule is tried and its verdict
	// logged, while the rules beneath it go on deciding. Where no other rule matches,
	// the request passes.
	Mode string `json:"mode,omitempty" yaml:"mode"`
}

// CreateConfig returns the configuration's defaults, as far as Traefik's decoding
// leaves room for them; New fills in the rest.
func CreateConfig() *Config {
	return &Config{
		RequireTyp:           true,
		MaxTokenBytes:        defaultMaxTokenBytes,
		ForwardAuthorization: true,
		TokenCacheSize:       defaultTokenCacheSize,
	}
}

const (
	defaultMaxTokenBytes  = 32 << 10
	defaultTokenCacheSize = 10000
)
