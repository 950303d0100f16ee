package bench

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// row is one thing that is measured: requests to an entry point that has one
// middleware, or none.
type row struct {
	name, text string
	entry      string
	crowded    bool // measured in the Traefik that has the crowd of routers
	status     int
	requests   []request
}

// The rows that others are set against.
const (
	rowBare  = "bare"
	rowEmpty = "empty"
	rowWarm  = "warm"
)

// The paths that are asked for. The first is in the role mapping, the second
// is public there.
const (
	guarded = "/api/v1/orders"
	public  = "/health"
)

// Sizes of what the rows vary.
const (
	manyTokens  = 2000
	manyPaths   = 20000
	fewRules    = 10
	manyRules   = 10000
	manyRouters = 1000
)

// role is what the guarded path asks for.
const role = "admin-role"

// rows makes the requests of all rows with tokens of the realm.
func rows(realm *issuer.Realm) []row {
	good := lasting(realm, "alice").Bearer()
	one := func(path, authorization string) []request { return []request{{path, authorization}} }
	list := []row{
		{name: rowBare, text: "no middleware", entry: "bare", requests: one(guarded, good)},
		{name: rowEmpty, text: "a plugin that does nothing", entry: "empty", requests: one(guarded, good)},
		{name: rowWarm, text: "one token, a role rule, X-User-Id set", entry: "auth", requests: one(guarded, good)},
		{name: "many", text: fmt.Sprintf("%d tokens in turn", manyTokens), entry: "auth", requests: crowd(realm)},
		{name: "query", text: "warm, with a query", entry: "auth", requests: one(guarded+"?page=2&sort=date", good)},
		{name: "paths", text: fmt.Sprintf("%d paths in turn", manyPaths), entry: "auth", requests: numbered(guarded, good)},
		{name: "public", text: "public path, no token", entry: "auth", requests: one(public, "")},
		{name: "cold", text: "no cache of tokens: each request is verified", entry: "cold", requests: one(guarded, good)},
		{name: "least", text: "a plugin that only checks signatures and decodes claims", entry: "least", requests: one(guarded, good)},
		{name: "no token", text: "refused: no token", entry: "auth", status: http.StatusUnauthorized, requests: one(guarded, "")},
		{name: "role", text: "refused: the role is missing", entry: "auth", status: http.StatusForbidden,
			requests: one(guarded, lasting(realm, "carol").Bearer())},
		{name: "signature", text: "refused: bad signature", entry: "auth", status: http.StatusUnauthorized,
			requests: one(guarded, lasting(realm, "alice").Forged(issuer.Stranger("RS256")).Bearer())},
		{name: "expired", text: "refused: expired", entry: "auth", status: http.StatusUnauthorized,
			requests: one(guarded, expired(realm).Bearer())},
		{name: "garbage", text: "refused: as long as a token, but none", entry: "auth", status: http.StatusUnauthorized,
			requests: one(guarded, "Bearer "+strings.Repeat("x", len(good)-len("Bearer ")))},
		{name: "forwardauth", text: "built-in forwardAuth, a responder that says yes at once", entry: "forwardauth", requests: one(guarded, good)},
		{name: "rules 10", text: "as paths, 10 rules", entry: "rules10", requests: numbered(rulePath(fewRules-1), good)},
		{name: "rules 10000", text: "as paths, 10,000 rules", entry: "rules10000", requests: numbered(rulePath(manyRules-1), good)},
		{name: "crowd bare", text: "no middleware, 1,000 routers beside", entry: "bare", crowded: true, requests: one(guarded, good)},
		{name: "crowd warm", text: "warm, 1,000 routers with the plugin beside", entry: "auth", crowded: true, requests: one(guarded, good)},
	}
	for i := range list {
		if list[i].status == 0 {
			list[i].status = http.StatusOK
		}
	}
	return list
}

// baseline is the row whose processor time the row's is divided by.
func (r row) baseline() string {
	if r.crowded && r.name != "crowd bare" {
		return "crowd bare"
	}
	return rowBare
}

// lasting is a user's access token that outlives every run.
func lasting(realm *issuer.Realm, user string) issuer.Token {
	t := realm.Access(user)
	return t.With("exp", t.Claims["iat"].(int64)+24*60*60)
}

func expired(realm *issuer.Realm) issuer.Token {
	t := realm.Access("alice")
	then := t.Claims["iat"].(int64) - 60*60
	return t.With("iat", then).With("auth_time", then).With("exp", then+issuer.AccessLifespan)
}

// crowd is the guarded path asked for by many people.
func crowd(realm *issuer.Realm) []request {
	list := make([]request, manyTokens)
	for i := range list {
		list[i] = request{guarded, person(realm, i).Bearer()}
	}
	return list
}

// person is a token of the i-th of many people.
func person(realm *issuer.Realm, i int) issuer.Token {
	return lasting(realm, "alice").
		With("sub", fmt.Sprintf("00000000-0000-4000-8000-%012d", i)).
		With("jti", fmt.Sprintf("00000000-0000-4000-9000-%012d", i))
}

// numbered asks for so many paths beneath one that nothing remembers them all.
func numbered(prefix, authorization string) []request {
	list := make([]request, manyPaths)
	for i := range list {
		list[i] = request{fmt.Sprintf("%s/%d", prefix, i), authorization}
	}
	return list
}

// rulePath is the path of the i-th rule of a large role mapping.
func rulePath(i int) string { return fmt.Sprintf("/api/v%d/resource-%d", i%7, i) }
