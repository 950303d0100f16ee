package authproxy

// Config is the plugin's configuration as Traefik decodes it: every value is
// what the user wrote, nothing is checked yet. [New] compiles it; its error
// names the key of each value that is wrong. Durations are Go duration strings
// such as "10s" or "5m". The zero value of a field means its default, but for
// RequireTyp, ForwardAuthorization and TokenCacheSize: their defaults come from
// [CreateConfig]. Once New has it, a configuration must not be changed.
//
// Slices and maps have no defaults here on purpose: Traefik up to v3.5.0 merges
// a user's list into a default one element by element. New fills them in.
type Config struct {
	// Issuer is the exact `iss` of accepted tokens, e.g.
	// "https://auth.example.com/realms/shop" (RFC 7519 section 4.1.1). It must be an
	// http or https address without query and fragment (RFC 8414 section 2), and
	// without a name and password. Required, unless KeycloakURL and Realm make it,
	// or there are Issuers.
	Issuer string `json:"issuer,omitempty"`
	// KeycloakURL is Keycloak's base address, e.g. "https://auth.example.com". A
	// base path such as /auth belongs to it; slashes at its end are cut. Together
	// with Realm it makes Issuer: <keycloakUrl>/realms/<realm>. One without the
	// other is an error, and so is another Issuer beside them. Default: none.
	KeycloakURL string `json:"keycloakUrl,omitempty"`
	// Realm is the realm's name as Keycloak shows it, not percent-encoded. Without
	// KeycloakURL it is an error. Default: none.
	Realm string `json:"realm,omitempty"`
	// JWKSURL is where the issuer's keys are fetched (RFC 7517 section 5), when that
	// is not what discovery says, such as an inner address. It takes the place of
	// discovery. It is needed where the `jwks_uri` that discovery gives is refused:
	// on another host or port than both the document and the issuer. Default:
	// discovery.
	JWKSURL string `json:"jwksUrl,omitempty"`
	// DiscoveryURL is the address of the discovery document (OpenID Connect
	// Discovery 1.0 section 4, RFC 8414 section 3), when it is not at the issuer,
	// such as an inner address. The document must still name Issuer exactly (RFC
	// 8414 section 3.3). Beside JWKSURL it is not asked. Default:
	// `<issuer>/.well-known/openid-configuration`.
	DiscoveryURL string `json:"discoveryUrl,omitempty"`
	// Issuers are further issuers beside Issuer. A key vouches for its own issuer
	// only; the token's `iss` selects. TLS settings and times are the same for all
	// of them. An issuer given twice, here or as Issuer, is an error. So are
	// JWKSURL, DiscoveryURL and PreloadFile where there is no Issuer that they could
	// belong to. Default: none.
	Issuers []IssuerConfig `json:"issuers,omitempty"`

	// Audience lists the audiences of which one must be in the token's `aud` (RFC
	// 7519 section 4.1.3). They are compared exactly; an empty element is an error.
	// Required, unless SkipAudienceCheck is set, or there are only Issuers and each
	// has its own.
	Audience []string `json:"audience,omitempty"`
	// SkipAudienceCheck accepts tokens for any audience. A token without `aud`
	// passes, too; an `aud` that is neither a string nor a list of strings is still
	// refused. Beside an audience it is warned of in the log. Risk: every client of
	// the realm can then use its users' tokens here. Default: false.
	SkipAudienceCheck bool `json:"skipAudienceCheck,omitempty"`
	// AuthorizedParties lists the clients (`azp`, OpenID Connect Core 1.0 section 2)
	// whose tokens are accepted. A token without `azp` is then refused; an empty
	// element is an error. Default: any.
	AuthorizedParties []string `json:"authorizedParties,omitempty"`
	// Algorithms lists the accepted signature algorithms (RFC 7518 section 3.1, RFC
	// 8037 section 3.1). `none` and HMAC are never accepted; they, and any other
	// name, are errors. Default: RS, PS and ES 256–512 and EdDSA.
	Algorithms []string `json:"algorithms,omitempty"`
	// Leeway is the tolerated clock difference for `exp`, `nbf` and `iat` (RFC 7519
	// sections 4.1.4 to 4.1.6); at most 1h. A longer or a negative one is an error.
	// Default: "10s".
	Leeway string `json:"leeway,omitempty"`
	// RequireTyp demands that a token says it is an access token: payload `typ`
	// Bearer, or header `typ` at+jwt (RFC 9068 section 2.1) and none in the payload.
	// When false, a token whose payload has no `typ` passes too. Another `typ` in
	// the payload is refused all the same. Risk: other things that the realm signs,
	// such as userinfo or authorization responses, carry no `typ` either. Default:
	// true.
	RequireTyp bool `json:"requireTyp"`
	// MaxTokenBytes is the longest token accepted, in bytes, encoded as it is sent.
	// 0 stands for the default; a negative number is an error. Default: 32768.
	MaxTokenBytes int `json:"maxTokenBytes,omitempty"`

	// RoleMapping maps a path prefix to the roles of which any one suffices; an
	// empty list makes the prefix public. A prefix begins with "/", is not
	// percent-encoded, and matches on a segment boundary: "/api" is for "/api" and
	// "/api/x", not for "/apis". Of several the longest decides. A pattern is an
	// error, and so is a prefix given twice with different roles, be it in Rules or
	// in the file. Default: none.
	RoleMapping map[string][]string `json:"roleMapping,omitempty"`
	// RoleMappingFile is the path of a YAML file that holds such a map, or
	// {rules: [...]}. It has at most 1 MiB; a relative path starts at the working
	// directory of Traefik. The file is read every second, and a change is taken
	// without a reload; a version that is broken, missing or at odds with the other
	// rules keeps the last good policy. At the start it is an error. Default: none.
	RoleMappingFile string `json:"roleMappingFile,omitempty"`
	// Rules say what a map cannot: methods, exact paths, all-of, scopes, client
	// roles. They are one policy with RoleMapping and RoleMappingFile. Default:
	// none.
	Rules []RuleConfig `json:"rules,omitempty"`
	// ClientRoles lists the clients whose `resource_access` roles count beside the
	// realm's. An empty element is an error. Default: Audience.
	ClientRoles []string `json:"clientRoles,omitempty"`
	// RolesClaim lists further places of roles in the token, each as a list of path
	// elements. Traefik takes no list of lists: write each place as one string with
	// commas, e.g. ["groups", "app,permissions"]. An empty element is an error.
	// Anything there but a list of strings counts as no roles. Default: none.
	RolesClaim [][]string `json:"rolesClaim,omitempty"`
	// Unmatched decides requests that no rule matches, once their token is good:
	// "deny" (default) or "authenticated". With "deny", a configuration without any
	// rule is an error.
	Unmatched string `json:"unmatched,omitempty"`
	// CaseInsensitivePaths compares paths with their letters folded, the rules' and
	// the requests', for backends that ignore case. Two rules that then are for the
	// same path must not contradict each other. Default: false.
	CaseInsensitivePaths bool `json:"caseInsensitivePaths,omitempty"`
	// Mode is "enforce" (default) or "shadow": decide, log, let pass. Identity
	// headers are removed and set in "shadow" as well, and ForwardAuthorization
	// counts. Risk: shadow protects nothing.
	Mode string `json:"mode,omitempty"`
	// AllowPreflight lets CORS preflight requests pass without a token. One is an
	// OPTIONS request with the headers Origin and Access-Control-Request-Method
	// (Fetch standard, "CORS-preflight request") and without a body. It passes on
	// every path that can be read, and carries no identity. Default: false.
	AllowPreflight bool `json:"allowPreflight,omitempty"`

	// UserIDHeader is the request header that carries the token's `sub` (RFC 7519
	// section 4.1.2) to the service. What a client sends under this name is removed
	// on every path, in every spelling: case does not count, and all bytes but
	// letters and digits are alike. The header is absent where `sub` is missing, is
	// no string, holds a control character or a line break, or has blanks at its
	// ends. What is no header's name is an error, and so is one with a meaning of
	// its own, such as Authorization, Cookie or Host. Default: "X-User-Id".
	UserIDHeader string `json:"userIdHeader,omitempty"`
	// Headers maps further request headers to claims: a top-level claim's name taken
	// as it is, else a path with dots; `roles` stands for the roles that counted.
	// They are removed, absent and refused as UserIDHeader is. A list of strings is
	// joined by commas, without elements that are empty, have a comma in them or
	// cannot stand in a header; any other list is left out. Numbers, truth values
	// and objects go as JSON text. Two names that read alike are an error, and so is
	// an empty claim. Default: none.
	Headers map[string]string `json:"headers,omitempty"`
	// ForwardAuthorization passes the token on to the service. When false, the
	// Authorization header is taken away whatever is in it, and so are the cookie
	// and the query parameter that may carry the token; on public paths, too.
	// Default: true.
	ForwardAuthorization bool `json:"forwardAuthorization"`
	// CookieName is a cookie (RFC 6265 section 4.1.1) that may carry the token
	// instead of the Authorization header. More than one token in a request is
	// answered 400; what is no cookie's name is an error. Risk: browsers send
	// cookies by themselves, so the service must defend itself against CSRF.
	// Default: off.
	CookieName string `json:"cookieName,omitempty"`
	// QueryParam is a query parameter that may carry the token (RFC 6750 section
	// 2.3). More than one token in a request is answered 400. Risk: addresses end up
	// in logs and histories (RFC 6750 section 5.3). Default: off.
	QueryParam string `json:"queryParam,omitempty"`

	// CAFile is a PEM file of the certificate authorities trusted for the issuer,
	// read again before each fetch. It has at most 1 MiB. One that is missing or
	// holds no certificate is an error at the start; later the former stays in use.
	// Default: the system's.
	CAFile string `json:"caFile,omitempty"`
	// InsecureSkipVerify turns the check of the issuer's TLS certificate off. It is
	// warned of in the log. Risk: whoever sits between can hand out keys. Default:
	// false.
	InsecureSkipVerify bool `json:"insecureSkipVerify,omitempty"`
	// JWKSTimeout limits one fetch of keys, discovery included, and so how long a
	// request waits for one. It is at least 10 ms; less is an error. Default: "5s".
	JWKSTimeout string `json:"jwksTimeout,omitempty"`
	// JWKSRefresh is how often keys are fetched again. Each time it is up to a tenth
	// earlier, so that replicas do not ask all at once. More than half of
	// JWKSMaxStale is shortened to that half. It is at least 10 ms; less is an
	// error. Default: "5m".
	JWKSRefresh string `json:"jwksRefresh,omitempty"`
	// JWKSMinRefresh is the shortest time between two fetches that requests cause by
	// an unknown key id or by the lack of any keys. After a failed fetch the next
	// comes about as soon, then after twice that time, and so on up to JWKSRefresh.
	// It is at least 10 ms and at most JWKSRefresh; else it is an error. Where it is
	// not given, a shorter JWKSRefresh takes the place of the default. Default:
	// "10s".
	JWKSMinRefresh string `json:"jwksMinRefresh,omitempty"`
	// JWKSMaxStale is how long keys serve after the issuer's last good answer. After
	// that no token can be verified, and the answer is 503 until the issuer is back.
	// It is at least 10 ms; less is an error. Default: "24h".
	JWKSMaxStale string `json:"jwksMaxStale,omitempty"`
	// PreloadFile is a JWKS file (RFC 7517 section 5) of Issuer's that serves until
	// its first answer. It is read once, at the start, and its age for JWKSMaxStale
	// counts from then. It has at most 1 MiB; one that is missing, or holds no key
	// that could verify a signature, is an error. Default: none.
	PreloadFile string `json:"preloadFile,omitempty"`

	// TokenCacheSize is how many verified tokens are remembered; 0 verifies every
	// request anew. It counts for each set of verification settings, which
	// middlewares share. All that is remembered there takes about 24 MiB at most. A
	// negative number is an error. Default: 10000.
	TokenCacheSize int `json:"tokenCacheSize"`
	// LogLevel is "debug", "info" (default), "warn" or "error": what is logged, as
	// JSON lines on standard output. Messages that belong to no middleware alone,
	// such as those on keys, follow the most talkative one.
	LogLevel string `json:"logLevel,omitempty"`
	// DecisionLog is "off", "denied" (default) or "all": one JSON line per decision.
	// The lines go to standard output, whatever LogLevel says. Those of refusals are
	// limited each second, reason by reason; what is left out is counted.
	DecisionLog string `json:"decisionLog,omitempty"`
}

// IssuerConfig is a further issuer. Its fields mean what those of [Config] mean,
// with the same errors. TLS settings, timeouts and refresh times are those of
// Config.
type IssuerConfig struct {
	// Issuer is the exact `iss` of this issuer's tokens. An issuer given twice is an
	// error. Required.
	Issuer string `json:"issuer,omitempty"`
	// JWKSURL is where its keys are fetched (RFC 7517 section 5). Default:
	// discovery.
	JWKSURL string `json:"jwksUrl,omitempty"`
	// DiscoveryURL is its discovery document (RFC 8414 section 3). Default:
	// `<issuer>/.well-known/openid-configuration`.
	DiscoveryURL string `json:"discoveryUrl,omitempty"`
	// Audience lists its accepted audiences (RFC 7519 section 4.1.3). Default:
	// Config.Audience.
	Audience []string `json:"audience,omitempty"`
	// PreloadFile is a JWKS file (RFC 7517 section 5) of this issuer that serves
	// until its first answer. Default: none.
	PreloadFile string `json:"preloadFile,omitempty"`
	// ClientRoles lists its clients whose roles count. Default: Audience, where this
	// issuer has its own, else Config.ClientRoles.
	ClientRoles []string `json:"clientRoles,omitempty"`
}

// RuleConfig is one access rule. Every condition that is given must hold, and
// there must be one: Roles, AllRoles, ClientRoles, Scopes, Public or
// Authenticated. A list that is given and empty is an error.
//
// Of the rules that match a request the most specific decides: an exact path
// before a prefix, a longer prefix before a shorter one, a rule with methods
// before one without. Their order does not matter. Two rules for the same
// requests that ask for different things are an error.
type RuleConfig struct {
	// Name stands for the rule in logs and messages. Default: its path.
	Name string `json:"name,omitempty" yaml:"name"`
	// Path is a path or a path prefix; it starts with "/", is not percent-encoded
	// and has no query. A pattern, "//", ";" or a "." or ".." segment in it is an
	// error. A prefix means the same with a slash at its end; an exact path with one
	// stands for the spelling without it, too. Required.
	Path string `json:"path,omitempty" yaml:"path"`
	// Match is "prefix" (default; ends on a segment boundary) or "exact".
	Match string `json:"match,omitempty" yaml:"match"`
	// Methods are the HTTP methods that the rule is for, in capital letters; HEAD
	// follows GET (RFC 9110 section 9.3.2), unless a rule for the same path names
	// HEAD. An empty list is an error. Default: all.
	Methods []string `json:"methods,omitempty" yaml:"methods"`
	// Roles are the roles of which any one suffices, compared exactly. Default:
	// none.
	Roles []string `json:"roles,omitempty" yaml:"roles"`
	// AllRoles are roles that are all needed. Default: none.
	AllRoles []string `json:"allRoles,omitempty" yaml:"allRoles"`
	// ClientRoles maps a client to its roles of which any one suffices; of every
	// client named one is needed. The client need not be in the middleware's
	// Config.ClientRoles. Default: none.
	ClientRoles map[string][]string `json:"clientRoles,omitempty" yaml:"clientRoles"`
	// Scopes are the OAuth scopes (claim `scope`, RFC 8693 section 4.2) that are all
	// needed. Default: none.
	Scopes []string `json:"scopes,omitempty" yaml:"scopes"`
	// Public lets every request pass, without a token. Beside roles, scopes or
	// Authenticated it is an error. Default: false.
	Public bool `json:"public,omitempty" yaml:"public"`
	// Authenticated asks for a good token and no role. Beside roles or scopes it
	// adds nothing. Default: false.
	Authenticated bool `json:"authenticated,omitempty" yaml:"authenticated"`
	// Mode is "enforce" (default) or "shadow": the rule is tried and its verdict
	// logged, while the rules beneath it go on deciding. Where no other rule
	// matches, the request passes, without a token as well.
	Mode string `json:"mode,omitempty" yaml:"mode"`
}

// CreateConfig returns the configuration's defaults, as far as Traefik's
// decoding leaves room for them; New fills in the rest. Each call returns a new
// one.
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
