package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// place is a path of the story. Needs says what the sample policy asks for.
type place struct {
	path  string
	needs []need
}

// need is what one reading of a path asks for.
type need struct {
	public bool
	// roles: any one suffices; none and not public: no rule is for the path.
	roles []string
}

var (
	public    = need{public: true}
	admin     = need{roles: []string{"admin-role"}}
	auditflow = need{roles: []string{"admin-role", "auditflow-role"}}
	unmapped  = need{}
)

// places are the columns of the table. Traefik itself takes ".." and doubled
// slashes out of a path but leaves what is encoded, and the service may read
// that in more than one way: every reading must pass.
var places = []place{
	{"/api/v1/admin", []need{admin}},
	{"/api/v1/admin/x", []need{admin}},
	{"/api/v1/adminx", []need{unmapped}},
	{"/api/v1/auditflow", []need{auditflow}},
	{"/v3/api-docs", []need{public}},
	{"/actuator/health", []need{public}},
	{"/unmapped", []need{unmapped}},
	{"/api/v1/auditflow/..%2fadmin", []need{auditflow, admin}},
	{"/api/v1/auditflow/%2e%2e/admin", []need{admin}},
	{"/api/v1/auditflow/..%5cadmin", []need{auditflow, admin}},
	{"/v3/api-docs/..%2f..%2fapi/v1/admin", []need{public, admin}},
	{"//api//v1/admin", []need{admin}},
}

// person is a row of the table: who asks, with what.
type person struct {
	name string
	// bearer is the token; empty: none.
	bearer string
	// headers are further header lines.
	headers []string
	// good says whether the token is in order; roles and sub are then what
	// it says.
	good  bool
	roles []string
	sub   string
}

// promised is the status that the person gets, and the X-User-Id that the
// service sees where it is 200: empty on public paths.
func (p person) promised(at place) (status int, sub string) {
	open := true
	for _, n := range at.needs {
		open = open && n.public
	}
	if open {
		return http.StatusOK, ""
	}
	if !p.good {
		return http.StatusUnauthorized, ""
	}
	for _, n := range at.needs {
		if !n.public && !slices.ContainsFunc(p.roles, func(r string) bool { return slices.Contains(n.roles, r) }) {
			return http.StatusForbidden, ""
		}
	}
	return http.StatusOK, p.sub
}

// spoofed are spellings of X-User-Id that a service may take for it.
var spoofed = []string{"X-User-Id: mallory", "x_user_id: mallory", "X.User.Id: mallory"}

// cast gathers the people of the story, with fresh tokens from the issuer's
// token endpoint, and minted ones where no grant would give them.
func cast(iss *issuer.Issuer) ([]person, error) {
	home, abroad := iss.Default(), iss.Realm("elsewhere")
	alice, err := login(home, "alice")
	if err != nil {
		return nil, err
	}
	bob, err := login(home, "bob")
	if err != nil {
		return nil, err
	}
	carol, err := login(home, "carol")
	if err != nil {
		return nil, err
	}
	frank, err := login(home, "frank")
	if err != nil {
		return nil, err
	}
	batch, err := serviceLogin(home)
	if err != nil {
		return nil, err
	}
	foreign, err := login(abroad, "alice")
	if err != nil {
		return nil, err
	}
	sub := func(user string) string { return home.User(user).Sub }
	isAdmin, isAuditor := []string{"admin-role"}, []string{"auditflow-role"}
	hourAgo := time.Now().Add(-time.Hour).Unix()
	return []person{
		{name: "no token"},
		{name: "garbage", bearer: "garbage"},
		{name: "alice (admin-role)", bearer: alice.Access, good: true, roles: isAdmin, sub: sub("alice")},
		{name: "bob (auditflow-role)", bearer: bob.Access, good: true, roles: isAuditor, sub: sub("bob")},
		{name: "carol (no role)", bearer: carol.Access, good: true, sub: sub("carol")},
		{name: "frank (client role)", bearer: frank.Access, good: true, roles: isAuditor, sub: sub("frank")},
		{name: "service account", bearer: batch.Access, good: true, roles: isAuditor, sub: claim(batch.Access, "sub")},
		{name: "alice, expired", bearer: home.Access("alice").With("iat", hourAgo-300).With("exp", hourAgo).String()},
		{name: "alice's ID token", bearer: alice.ID},
		{name: "alice's refresh token", bearer: alice.Refresh},
		{name: "alice, other realm", bearer: foreign.Access},
		{name: "alice, forged", bearer: home.Access("alice").Forged(issuer.Stranger("RS256")).String()},
		{name: "bob, says he's mallory", bearer: bob.Access, headers: spoofed, good: true, roles: isAuditor, sub: sub("bob")},
		{name: "nobody, says mallory", headers: spoofed},
	}, nil
}

// tokens are an answer of the token endpoint.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
}

func login(r *issuer.Realm, user string) (tokens, error) {
	t, err := ask(r, url.Values{
		"grant_type": {"password"}, "client_id": {issuer.WebClient},
		"username": {user}, "password": {user}, "scope": {"openid"},
	})
	if err != nil {
		return t, fmt.Errorf("token of %s: %w", user, err)
	}
	return t, nil
}

func serviceLogin(r *issuer.Realm) (tokens, error) {
	t, err := ask(r, url.Values{
		"grant_type": {"client_credentials"},
		"client_id":  {issuer.ServiceClient}, "client_secret": {issuer.ServiceSecret},
	})
	if err != nil {
		return t, fmt.Errorf("token of %s: %w", issuer.ServiceClient, err)
	}
	return t, nil
}

func ask(r *issuer.Realm, form url.Values) (t tokens, err error) {
	res, err := http.PostForm(r.Inner(issuer.Tokens), form)
	if err != nil {
		return t, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return t, errors.New(res.Status)
	}
	err = json.NewDecoder(res.Body).Decode(&t)
	return t, err
}

// claim is a claim of our own token that is a string.
func claim(token, name string) string {
	claims, err := issuer.DecodeClaims(token)
	if err != nil {
		return ""
	}
	value, _ := claims[name].(string)
	return value
}
