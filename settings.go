package authproxy

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"time"
)

// checkedConfig is a configuration that has been found sound, in the terms of the
// parts that it sets up.
type checkedConfig struct {
	issuers    []checkedIssuer
	algorithms map[string]bool
	parties    map[string]bool
	leeway     time.Duration
	maxBytes   int
	identity   []identityClaim
	sources    []ruleSource
}

// checkedIssuer is one issuer with where its keys are.
type checkedIssuer struct {
	audience    []string
	clientRoles []string
	keys        keySourceConfig
}

const (
	defaultLeeway      = 10 * time.Second
	defaultTimeout     = 5 * time.Second
	defaultRefresh     = 5 * time.Minute
	defaultMinRefresh  = 10 * time.Second
	defaultMaxStale    = 24 * time.Hour
	maxLeeway          = time.Hour
	defaultUserID      = "X-User-Id"
	minRefreshAllowed  = 10 * time.Millisecond
	unmatchedDeny      = "deny"
	unmatchedPassGood  = "authenticated"
	modeEnforce        = "enforce"
	modeShadow         = "shadow"
	decisionsOff       = "off"
	decisionsOfRefused = "denied"
	decisionsAll       = "all"
)

// check finds all that is wrong with a configuration but for what is in its files.
func (c *Config) check(found *findings) *checkedConfig {
	checked := &checkedConfig{
		algorithms: checkAlgorithms(c.Algorithms, found),
		parties:    wordSet("authorizedParties", c.AuthorizedParties, found),
		leeway:     duration("leeway", c.Leeway, defaultLeeway, found),
		maxBytes:   c.MaxTokenBytes,
		identity:   c.checkHeaders(found),
	}
	if checked.leeway > maxLeeway {
		found.problem("leeway", "want at most %s, got %q", maxLeeway, c.Leeway)
	}
	if c.MaxTokenBytes < 0 {
		found.problem("maxTokenBytes", "want a positive number, got %d", c.MaxTokenBytes)
	}
	if c.MaxTokenBytes == 0 {
		checked.maxBytes = defaultMaxTokenBytes
	}
	if c.TokenCacheSize < 0 {
		found.problem("tokenCacheSize", "want 0 or more, got %d", c.TokenCacheSize)
	}
	c.checkIssuers(checked, found)
	oneOf("unmatched", c.Unmatched, []string{unmatchedDeny, unmatchedPassGood}, found)
	oneOf("mode", c.Mode, []string{modeEnforce, modeShadow}, found)
	oneOf("decisionLog", c.DecisionLog, []string{decisionsOff, decisionsOfRefused, decisionsAll}, found)
	if _, ok := logLevels[c.LogLevel]; !ok {
		found.problem("logLevel", "want debug, info, warn or error, got %q", c.LogLevel)
	}
	if c.CookieName != "" && !isToken(c.CookieName) {
		found.problem("cookieName", "want a cookie's name, got %q", c.CookieName)
	}
	for i, path := range c.RolesClaim {
		if len(path) == 0 {
			found.problem(element("rolesClaim", i), "want a list of path elements, such as [\"groups\"]")
		}
		for _, name := range path {
			if name == "" {
				found.problem(element("rolesClaim", i), "a path element is empty")
			}
		}
	}
	if c.Mode == modeShadow {
		found.warn("mode", "shadow lets every request pass")
	}
	if len(c.RoleMapping) == 0 && len(c.Rules) == 0 && c.RoleMappingFile == "" && c.Unmatched != unmatchedPassGood {
		found.problem("roleMapping", "want at least one rule in roleMapping, roleMappingFile or rules, or unmatched: authenticated; else every request is refused")
	}
	checked.sources = append(mappingSources("roleMapping", c.RoleMapping), ruleSources(c.Rules)...)
	return checked
}

// oneOf checks a word; "" stands for the default.
func oneOf(key, value string, words []string, found *findings) {
	if value == "" {
		return
	}
	for _, word := range words {
		if value == word {
			return
		}
	}
	found.problem(key, "want %s, got %q", strings.Join(words, " or "), value)
}

// duration reads a duration string; "" stands for the default.
func duration(key, text string, preset time.Duration, found *findings) time.Duration {
	if text == "" {
		return preset
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		found.problem(key, "want a duration such as %q, got %q", preset, text)
		return preset
	}
	if d < 0 {
		found.problem(key, "want a duration that is not negative, got %q", text)
		return preset
	}
	return d
}

func checkAlgorithms(names []string, found *findings) map[string]bool {
	if len(names) == 0 {
		names = defaultAlgorithms
	}
	algorithms := map[string]bool{}
	for i, name := range names {
		if signatureChecks[name] == nil {
			found.problem(element("algorithms", i), "want some of %s, got %q", strings.Join(defaultAlgorithms, ", "), name)
		}
		algorithms[name] = true
	}
	return algorithms
}

func wordSet(key string, words []string, found *findings) map[string]bool {
	if len(words) == 0 {
		return nil
	}
	set := map[string]bool{}
	for i, word := range words {
		if word == "" {
			found.problem(element(key, i), "is empty")
		}
		set[word] = true
	}
	return set
}

// checkIssuers fills in the issuers with the addresses and times of their keys.
func (c *Config) checkIssuers(checked *checkedConfig, found *findings) {
	base := keySourceConfig{
		caFile:   c.CAFile,
		insecure: c.InsecureSkipVerify,
	}
	base.timeout = duration("jwksTimeout", c.JWKSTimeout, defaultTimeout, found)
	base.refresh = duration("jwksRefresh", c.JWKSRefresh, defaultRefresh, found)
	base.minRefresh = duration("jwksMinRefresh", c.JWKSMinRefresh, defaultMinRefresh, found)
	base.maxStale = duration("jwksMaxStale", c.JWKSMaxStale, defaultMaxStale, found)
	if c.JWKSMinRefresh == "" && base.minRefresh > base.refresh {
		base.minRefresh = base.refresh // a short jwksRefresh alone is no contradiction
	}
	if base.minRefresh > base.refresh {
		found.problem("jwksMinRefresh", "want at most jwksRefresh (%s), got %q", base.refresh, c.JWKSMinRefresh)
	}
	shortest("jwksTimeout", base.timeout, found)
	shortest("jwksRefresh", base.refresh, found)
	shortest("jwksMinRefresh", base.minRefresh, found)
	shortest("jwksMaxStale", base.maxStale, found)
	if base.maxStale < 2*base.refresh {
		// Else the keys would run out before they are fetched again.
		base.refresh = base.maxStale / 2
		if base.minRefresh > base.refresh {
			base.minRefresh = base.refresh
		}
	}
	if c.InsecureSkipVerify {
		found.warn("insecureSkipVerify", "the issuer's certificate is not checked: whoever sits between can hand out keys")
	}

	issuer := c.issuerName(found)
	if issuer != "" || len(c.Issuers) == 0 {
		own := IssuerConfig{Issuer: issuer, JWKSURL: c.JWKSURL, DiscoveryURL: c.DiscoveryURL, PreloadFile: c.PreloadFile}
		c.addIssuer(checked, base, "", own, found)
	} else if c.JWKSURL != "" || c.DiscoveryURL != "" || c.PreloadFile != "" {
		found.problem("issuer", "jwksUrl, discoveryUrl and preloadFile belong to an issuer; want issuer, or put them into issuers")
	}
	for i, further := range c.Issuers {
		c.addIssuer(checked, base, element("issuers", i)+".", further, found)
	}
}

func shortest(key string, d time.Duration, found *findings) {
	if d < minRefreshAllowed {
		found.problem(key, "want at least %s, got %s", minRefreshAllowed, d)
	}
}

// issuerName is the issuer as given or made of keycloakUrl and realm.
func (c *Config) issuerName(found *findings) string {
	if c.KeycloakURL == "" && c.Realm == "" {
		return c.Issuer
	}
	switch {
	case c.KeycloakURL == "":
		found.problem("keycloakUrl", "realm is given, so want keycloakUrl as well, such as \"https://auth.example.com\"")
		return c.Issuer
	case c.Realm == "":
		found.problem("realm", "keycloakUrl is given, so want realm as well")
		return c.Issuer
	}
	made := strings.TrimRight(c.KeycloakURL, "/") + "/realms/" + url.PathEscape(c.Realm)
	if c.Issuer != "" && c.Issuer != made {
		found.problem("issuer", "want either issuer or keycloakUrl with realm; they give %q and %q. Where keys have an inner address, set jwksUrl or discoveryUrl", c.Issuer, made)
	}
	return made
}

func (c *Config) addIssuer(checked *checkedConfig, base keySourceConfig, prefix string, given IssuerConfig, found *findings) {
	if given.Issuer == "" {
		found.problem(prefix+"issuer", "is missing; want the exact iss of the tokens, such as \"https://auth.example.com/realms/shop\" (or keycloakUrl and realm)")
		return
	}
	checkAddress(prefix+"issuer", given.Issuer, true, found)
	if given.JWKSURL != "" {
		checkAddress(prefix+"jwksUrl", given.JWKSURL, false, found)
	}
	if given.DiscoveryURL != "" {
		checkAddress(prefix+"discoveryUrl", given.DiscoveryURL, false, found)
	}
	for _, other := range checked.issuers {
		if other.keys.issuer == given.Issuer {
			found.problem(prefix+"issuer", "%q is given twice", given.Issuer)
		}
	}
	issuer := checkedIssuer{audience: given.Audience, clientRoles: given.ClientRoles, keys: base}
	issuer.keys.issuer = given.Issuer
	issuer.keys.jwksURL = given.JWKSURL
	issuer.keys.discoveryURL = given.DiscoveryURL
	issuer.keys.preloadFile = given.PreloadFile
	if len(issuer.audience) == 0 {
		issuer.audience = c.Audience
		if len(issuer.clientRoles) == 0 {
			issuer.clientRoles = c.ClientRoles
		}
	}
	if len(issuer.clientRoles) == 0 {
		issuer.clientRoles = issuer.audience
	}
	wordSet(prefix+"audience", given.Audience, found)
	wordSet(prefix+"clientRoles", given.ClientRoles, found)
	if prefix == "" {
		wordSet("audience", c.Audience, found)
		wordSet("clientRoles", c.ClientRoles, found)
	}
	switch {
	case len(issuer.audience) == 0 && !c.SkipAudienceCheck:
		found.problem(prefix+"audience", "is missing; want the audience that tokens for these services carry, or skipAudienceCheck: true")
	case len(issuer.audience) > 0 && c.SkipAudienceCheck:
		found.warn("skipAudienceCheck", "audience is given and not checked")
	}
	checked.issuers = append(checked.issuers, issuer)
}

// checkAddress checks an issuer's name or an address of it. An issuer has neither
// query nor fragment (RFC 8414 section 2).
func checkAddress(key, text string, issuer bool, found *findings) {
	u, err := url.Parse(text)
	switch {
	case err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "":
		found.problem(key, "want an address such as \"https://auth.example.com/realms/shop\", got %q", text)
		return
	case u.User != nil:
		found.problem(key, "want an address without a name and password in it, got one for host %q", u.Host)
		return
	case u.Fragment != "" || strings.Contains(text, "#"):
		found.problem(key, "want an address without a fragment, got %q", text)
	case issuer && (u.RawQuery != "" || strings.Contains(text, "?")):
		found.problem(key, "want an address without a query, got %q", text)
	}
	if u.Scheme == "http" && !innerHost(u.Hostname()) {
		found.warn(key, "%q is not https: whoever sits between can hand out keys", text)
	}
}

// innerHost reports whether a host is this machine or has a name that only a
// cluster or a Compose project knows.
func innerHost(host string) bool {
	ip := net.ParseIP(host)
	if ip != nil {
		return ip.IsLoopback()
	}
	return !strings.Contains(host, ".") || strings.HasSuffix(host, ".svc") ||
		strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".internal") || strings.HasSuffix(host, ".localhost")
}

// reservedHeaders cannot be identity headers: they mean something to every hop.
var reservedHeaders = map[string]bool{
	"authorization": true, "connection": true, "content-length": true, "content-type": true, "cookie": true,
	"expect": true, "host": true, "keep-alive": true, "proxy-authorization": true, "proxy-connection": true,
	"te": true, "trailer": true, "transfer-encoding": true, "upgrade": true,
}

// checkHeaders lists the identity headers, sorted by name.
func (c *Config) checkHeaders(found *findings) []identityClaim {
	userID := c.UserIDHeader
	if userID == "" {
		userID = defaultUserID
	}
	checkHeaderName("userIdHeader", userID, found)
	list := []identityClaim{{header: http.CanonicalHeaderKey(userID), claim: "sub"}}
	taken := map[string]string{foldHeader(userID): "userIdHeader"}
	names := make([]string, 0, len(c.Headers))
	for name := range c.Headers {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		key := fmt.Sprintf("headers[%q]", name)
		checkHeaderName(key, name, found)
		if c.Headers[name] == "" {
			found.problem(key, "want a claim's name")
		}
		if other, ok := taken[foldHeader(name)]; ok {
			found.problem(key, "means the same header as %s", other)
		}
		taken[foldHeader(name)] = key
		list = append(list, identityClaim{header: http.CanonicalHeaderKey(name), claim: c.Headers[name]})
	}
	return list
}

func checkHeaderName(key, name string, found *findings) {
	switch {
	case !isToken(name):
		found.problem(key, "want a header's name, got %q", name)
	case reservedHeaders[strings.ToLower(name)]:
		found.problem(key, "%q has a meaning of its own and cannot carry an identity", name)
	}
}

// isToken reports whether text is a token (RFC 9110 section 5.6.2).
func isToken(text string) bool {
	return text != "" && strings.Trim(text, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
