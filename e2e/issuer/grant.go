package issuer

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// serveToken is the token endpoint (RFC 6749, section 3.2) with the grants
// password, client_credentials and refresh_token.
func (r *Realm) serveToken(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	req.Body = http.MaxBytesReader(w, req.Body, 1<<16)
	if err := req.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request", "Malformed form")
		return
	}
	client, ok := r.authenticate(req)
	if !ok {
		refuse(w, http.StatusUnauthorized, "invalid_client", "Invalid client or Invalid client credentials")
		return
	}
	switch form := req.PostForm; form.Get("grant_type") {
	case "password":
		user, ok := r.user(form.Get("username"))
		if !ok || form.Get("password") != user.Name {
			refuse(w, http.StatusUnauthorized, "invalid_grant", "Invalid user credentials")
			return
		}
		r.grant(w, user, client, uuid(), form.Get("scope"))
	case "client_credentials":
		if client.Service == nil {
			refuse(w, http.StatusUnauthorized, "unauthorized_client", "Client not enabled to retrieve service account")
			return
		}
		writeJSON(w, http.StatusOK, map[string]any{
			"access_token":       r.signed(r.serviceClaims(client)).String(),
			"expires_in":         AccessLifespan,
			"refresh_expires_in": 0,
			"token_type":         "Bearer",
			"not-before-policy":  0,
			"scope":              "email profile",
		})
	case "refresh_token":
		user, session, scope, err := r.refreshed(form.Get("refresh_token"), client)
		if err != nil {
			refuse(w, http.StatusBadRequest, "invalid_grant", err.Error())
			return
		}
		r.grant(w, user, client, session, scope)
	default:
		refuse(w, http.StatusBadRequest, "unsupported_grant_type", "Unsupported grant_type")
	}
}

// grant answers with the tokens of a session; with an ID token where the
// scope asks for one.
func (r *Realm) grant(w http.ResponseWriter, u User, c Client, session, scope string) {
	openid := strings.Contains(" "+scope+" ", " openid ")
	granted := "email profile"
	if openid {
		granted = "openid email profile"
	}
	claims := r.accessClaims(u, c, session)
	claims["scope"] = granted
	access := r.signed(claims).String()
	body := map[string]any{
		"access_token":       access,
		"expires_in":         AccessLifespan,
		"refresh_expires_in": RefreshLifespan,
		"refresh_token":      r.refreshToken(u, c, session, granted, "Refresh").String(),
		"token_type":         "Bearer",
		"not-before-policy":  0,
		"session_state":      session,
		"scope":              granted,
	}
	if openid {
		body["id_token"] = r.signed(r.idClaims(u, c, session, access)).String()
	}
	writeJSON(w, http.StatusOK, body)
}

// authenticate finds the client by client_secret_basic or client_secret_post
// (RFC 6749, section 2.3.1); a public client only names itself.
func (r *Realm) authenticate(req *http.Request) (Client, bool) {
	id, secret := req.PostForm.Get("client_id"), req.PostForm.Get("client_secret")
	if user, password, ok := req.BasicAuth(); ok {
		var errID, errSecret error
		id, errID = url.QueryUnescape(user)
		secret, errSecret = url.QueryUnescape(password)
		if errID != nil || errSecret != nil {
			return Client{}, false
		}
	}
	client, ok := r.client(id)
	return client, ok && client.Secret == secret
}

// refreshed reads a refresh token that this realm has issued to the client.
func (r *Realm) refreshed(token string, c Client) (u User, session, scope string, err error) {
	invalid := errors.New("invalid refresh token")
	header, payload, signature, err := split(token)
	if err != nil {
		return u, "", "", invalid
	}
	want, err := Signature(r.secret.Alg, r.secret, []byte(token[:strings.LastIndexByte(token, '.')]))
	if err != nil || !hmac.Equal(signature, want) {
		return u, "", "", invalid
	}
	var head struct{ Alg string }
	var claims struct {
		Exp                            int64
		Iss, Sub, Typ, Azp, Sid, Scope string
	}
	if json.Unmarshal(header, &head) != nil || json.Unmarshal(payload, &claims) != nil {
		return u, "", "", invalid
	}
	if head.Alg != r.secret.Alg || claims.Typ != "Refresh" || claims.Iss != r.URL() || claims.Azp != c.ID {
		return u, "", "", invalid
	}
	if claims.Exp <= r.issuer.now().Unix() {
		return u, "", "", errors.New("token is not active")
	}
	for _, user := range r.users {
		if user.Sub == claims.Sub {
			return user, claims.Sid, claims.Scope, nil
		}
	}
	return u, "", "", invalid
}

func refuse(w http.ResponseWriter, status int, code, description string) {
	writeJSON(w, status, map[string]any{"error": code, "error_description": description})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(mustJSON(v)) // a client that went away needs no answer
}

// split decodes the three parts of a compact JWS.
func split(token string) (header, payload, signature []byte, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, nil, nil, errors.New("not three parts")
	}
	decoded := make([][]byte, 3)
	for i, part := range parts {
		decoded[i], err = base64.RawURLEncoding.DecodeString(part)
		if err != nil {
			return nil, nil, nil, err
		}
	}
	return decoded[0], decoded[1], decoded[2], nil
}
