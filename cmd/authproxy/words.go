package main

import (
	"sort"
	"strings"

	authproxy "github.com/labs64/traefik-authproxy"
)

// meanings say the reason words in a sentence; docs/reasons.md says more.
var meanings = map[string]string{
	"public":           "every rule for the path is public",
	"granted":          "the token suffices",
	"preflight":        "a CORS preflight",
	"bad_path":         "the path cannot be read",
	"no_token":         "there is no token",
	"many_tokens":      "there is more than one token",
	"bad_header":       "the Authorization header does not hold exactly one token",
	"too_long":         "longer than maxTokenBytes",
	"shape":            "not three parts of canonical base64url",
	"header":           "the header is not one that an access token may have",
	"algorithm":        "alg is not one of those accepted",
	"missing_kid":      "no kid, and the issuer has several keys",
	"unknown_kid":      "the issuer has no such key",
	"key_mismatch":     "the issuer's key of that kid is not for this alg",
	"signature":        "the signature does not verify",
	"claims":           "the payload is not one JSON object with unique names",
	"issuer":           "iss is not the issuer configured, letter for letter",
	"time":             "exp is missing, or exp, nbf or iat is no sound number",
	"expired":          "exp has passed",
	"not_yet":          "nbf or iat lies ahead",
	"audience":         "none of the audiences is in aud",
	"type":             "typ does not say that it is an access token",
	"bound":            "cnf: bound to a key or a certificate, which is not checked here",
	"party":            "azp is not one of those authorized",
	"no_rule":          "no rule matches the path",
	"roles":            "the roles do not suffice",
	"scopes":           "a scope is missing",
	"keys_unavailable": "the issuer's keys cannot be had",
}

// wants spells out what a rule asks for.
func wants(rule authproxy.PolicyRule) string {
	c := rule.Config
	if c.Public {
		return "public"
	}
	var parts []string
	if len(c.Roles) > 0 {
		parts = append(parts, anyOf(c.Roles))
	}
	if len(c.AllRoles) > 0 {
		parts = append(parts, allOf("", "", c.AllRoles))
	}
	for _, client := range clientsOf(c.ClientRoles) {
		parts = append(parts, anyOf(c.ClientRoles[client])+" of client "+shown(client))
	}
	if len(c.Scopes) > 0 {
		parts = append(parts, allOf("scope ", "scopes ", c.Scopes))
	}
	switch {
	case len(parts) > 0:
		return strings.Join(parts, " and ")
	case rule.Source == "" && !c.Authenticated:
		return "nobody"
	}
	return "any good token"
}

func anyOf(list []string) string {
	if len(list) == 1 {
		return shownList(list)
	}
	return "one of " + shownList(list)
}

func allOf(one, many string, list []string) string {
	if len(list) == 1 {
		return one + shownList(list)
	}
	return "all of " + many + shownList(list)
}

func clientsOf(byClient map[string][]string) []string {
	clients := make([]string, 0, len(byClient))
	for client := range byClient {
		clients = append(clients, client)
	}
	sort.Strings(clients)
	return clients
}

// who spells out what a request brings along.
func who(access *authproxy.Access) string {
	switch {
	case access == nil:
		return "without a token"
	case access.Refused != "":
		return "with a token that is refused"
	}
	var parts []string
	if len(access.Roles) > 0 {
		parts = append(parts, "roles "+shownList(access.Roles))
	}
	for _, client := range clientsOf(access.ClientRoles) {
		parts = append(parts, "of client "+shown(client)+" "+shownList(access.ClientRoles[client]))
	}
	if len(access.Scopes) > 0 {
		parts = append(parts, "scopes "+shownList(access.Scopes))
	}
	if len(parts) == 0 {
		return "with a good token and no roles"
	}
	return "with a good token: " + strings.Join(parts, "; ")
}

// named is a rule with its place.
func named(rule *authproxy.PolicyRule) string {
	if rule.Source == "" {
		return shown(rule.Name)
	}
	return shown(rule.Name) + " (" + rule.Source + ")"
}
