package issuer

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// Access is the access token that the realm issues to the user through
// WebClient, or the realm's first client. It panics when there is no such
// user.
func (r *Realm) Access(user string) Token {
	return r.AccessFor(user, r.clients[0].ID)
}

// AccessFor is the access token of the user through the client.
func (r *Realm) AccessFor(user, client string) Token {
	u, c := r.mustUser(user), r.mustClient(client)
	return r.signed(r.accessClaims(u, c, uuid()))
}

// ServiceToken is the access token of the client's service account, as from
// the client_credentials grant.
func (r *Realm) ServiceToken(client string) Token {
	c := r.mustClient(client)
	if c.Service == nil {
		panic(fmt.Sprintf("issuer: client %q has no service account", client))
	}
	return r.signed(r.serviceClaims(c))
}

// ID is the ID token that belongs to the user's access token: signed by the
// realm's key, meant for the client and never for an API.
func (r *Realm) ID(user string) Token {
	u, c := r.mustUser(user), r.clients[0]
	return r.signed(r.idClaims(u, c, uuid(), ""))
}

// Refresh is the user's refresh token: signed with the realm's secret, under
// a kid that no JWKS holds.
func (r *Realm) Refresh(user string) Token {
	u, c := r.mustUser(user), r.clients[0]
	return r.refreshToken(u, c, uuid(), "openid email profile", "Refresh")
}

// Offline is the user's offline token: a refresh token without expiry.
func (r *Realm) Offline(user string) Token {
	u, c := r.mustUser(user), r.clients[0]
	return r.refreshToken(u, c, uuid(), "openid email profile offline_access", "Offline").Without("exp")
}

// Logout is the back-channel logout token for the user's session (OpenID
// Connect Back-Channel Logout 1.0, section 2.4). It has sub and exp and is
// signed by the realm's key.
func (r *Realm) Logout(user string) Token {
	u, c := r.mustUser(user), r.clients[0]
	now := r.issuer.now().Unix()
	return r.signed(map[string]any{
		"exp": now + 120, "iat": now, "jti": uuid(), "iss": r.URL(),
		"aud": c.ID, "sub": u.Sub, "typ": "Logout", "sid": uuid(),
		"events": map[string]any{
			"http://schemas.openid.net/event/backchannel-logout": map[string]any{},
		},
	}).Head("typ", "logout+jwt")
}

// UserInfo is a signed userinfo answer: sub and roles, but neither exp nor
// typ (OpenID Connect Core 1.0, section 5.3.2).
func (r *Realm) UserInfo(user string) Token {
	u, c := r.mustUser(user), r.clients[0]
	claims := profile(u)
	claims["iss"], claims["aud"], claims["sub"] = r.URL(), c.ID, u.Sub
	claims["realm_access"] = map[string]any{"roles": r.realmRoles(u)}
	return r.signed(claims).NoHead("typ")
}

// Authorization is a JARM response: a signed authorization code with aud and
// exp, without sub and typ.
func (r *Realm) Authorization() Token {
	now := r.issuer.now().Unix()
	return r.signed(map[string]any{
		"exp": now + 60, "iss": r.URL(), "aud": r.clients[0].ID,
		"code": uuid() + "." + uuid(), "session_state": uuid(),
	}).NoHead("typ")
}

// Claimed is a token with exactly these claims, signed by the active key.
func (r *Realm) Claimed(claims map[string]any) Token { return r.signed(claims) }

func (r *Realm) signed(claims map[string]any) Token {
	return Token{Header: map[string]any{"typ": "JWT"}, Claims: claims}.By(r.Active())
}

func (r *Realm) accessClaims(u User, c Client, session string) map[string]any {
	now := r.issuer.now().Unix()
	access := resourceAccess(u)
	claims := profile(u)
	claims["exp"] = now + AccessLifespan
	claims["iat"] = now
	claims["jti"] = "onrtro:" + uuid()
	claims["iss"] = r.URL()
	if aud := audience(c, access); aud != nil {
		claims["aud"] = aud
	}
	claims["sub"] = u.Sub
	claims["typ"] = "Bearer"
	claims["azp"] = c.ID
	claims["sid"] = session
	claims["acr"] = "1"
	claims["allowed-origins"] = []any{"/*"}
	claims["realm_access"] = map[string]any{"roles": r.realmRoles(u)}
	claims["resource_access"] = access
	claims["scope"] = "openid email profile"
	return claims
}

func (r *Realm) serviceClaims(c Client) map[string]any {
	claims := r.accessClaims(*c.Service, c, "")
	// A service account has no session to come back to, and no person's name.
	for _, absent := range []string{"sid", "name", "given_name", "family_name", "email"} {
		delete(claims, absent)
	}
	claims["jti"] = "trrtcc:" + uuid()
	claims["client_id"] = c.ID
	claims["clientHost"] = "127.0.0.1"
	claims["clientAddress"] = "127.0.0.1"
	claims["scope"] = "email profile"
	return claims
}

func (r *Realm) idClaims(u User, c Client, session, access string) map[string]any {
	now := r.issuer.now().Unix()
	claims := profile(u)
	claims["exp"] = now + AccessLifespan
	claims["iat"] = now
	claims["auth_time"] = now
	claims["jti"] = uuid()
	claims["iss"] = r.URL()
	claims["aud"] = c.ID
	claims["sub"] = u.Sub
	claims["typ"] = "ID"
	claims["azp"] = c.ID
	claims["sid"] = session
	claims["acr"] = "1"
	// A mapper may put the roles here too, which makes an ID token look very
	// much like an access token.
	claims["realm_access"] = map[string]any{"roles": r.realmRoles(u)}
	if access != "" {
		sum := sha256.Sum256([]byte(access))
		claims["at_hash"] = b64(sum[:16])
	}
	return claims
}

func (r *Realm) refreshToken(u User, c Client, session, scope, typ string) Token {
	now := r.issuer.now().Unix()
	return Token{Header: map[string]any{"typ": "JWT"}, Claims: map[string]any{
		"exp": now + RefreshLifespan, "iat": now, "jti": uuid(), "iss": r.URL(),
		"aud": r.URL(), "sub": u.Sub, "typ": typ, "azp": c.ID, "sid": session,
		"scope": scope, "reuse_id": uuid(),
	}}.By(r.secret)
}

// profile holds the claims of the scopes profile and email.
func profile(u User) map[string]any {
	claims := map[string]any{
		"email_verified":     true,
		"preferred_username": u.Name,
	}
	if u.First != "" {
		claims["name"] = u.First + " " + u.Last
		claims["given_name"] = u.First
		claims["family_name"] = u.Last
		claims["email"] = u.Name + "@example.com"
	}
	return claims
}

// realmRoles are the user's roles with the ones that Keycloak gives to all.
func (r *Realm) realmRoles(u User) []any {
	roles := []any{"default-roles-" + strings.ToLower(r.Name), "offline_access", "uma_authorization"}
	for _, role := range u.RealmRoles {
		roles = append(roles, role)
	}
	return roles
}

// resourceAccess are the user's client roles, with those of the account
// client that Keycloak gives to all.
func resourceAccess(u User) map[string]any {
	access := map[string]any{
		"account": map[string]any{"roles": []any{"manage-account", "manage-account-links", "view-profile"}},
	}
	for client, names := range u.ClientRoles {
		roles := []any{}
		for _, name := range names {
			roles = append(roles, name)
		}
		access[client] = map[string]any{"roles": roles}
	}
	return access
}

func (r *Realm) mustUser(name string) User {
	u, ok := r.user(name)
	if !ok {
		panic(fmt.Sprintf("issuer: realm %q has no user %q", r.Name, name))
	}
	return u
}

func (r *Realm) mustClient(id string) Client {
	c, ok := r.client(id)
	if !ok {
		panic(fmt.Sprintf("issuer: realm %q has no client %q", r.Name, id))
	}
	return c
}
