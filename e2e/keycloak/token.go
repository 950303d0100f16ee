package keycloak

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Answer is the token endpoint's answer.
type Answer struct {
	Access  string `json:"access_token"`
	ID      string `json:"id_token"`
	Refresh string `json:"refresh_token"`
	Type    string `json:"token_type"`
	Scope   string `json:"scope"`
}

// Token asks the token endpoint. form is the request as the grant wants it,
// the client's credentials included; headers, which come in pairs of name and
// value, go with it.
func (r *Realm) Token(ctx context.Context, form url.Values, headers ...string) (*Answer, error) {
	return r.TokenAt(ctx, client, r.Issuer(), form, headers...)
}

// TokenAt is Token at another address of the realm and with an HTTP client of
// the caller's: Keycloak takes the issuer from the address it is asked at.
func (r *Realm) TokenAt(ctx context.Context, c *http.Client, realm string, form url.Values, headers ...string) (*Answer, error) {
	var answer Answer
	raw, err := post(ctx, c, realm+"/protocol/openid-connect/token", form, headers...)
	if err == nil {
		err = json.Unmarshal(raw, &answer)
	}
	if err != nil {
		return nil, fmt.Errorf("realm %q: grant %s of client %q: %w", r.name, form.Get("grant_type"), form.Get("client_id"), err)
	}
	return &answer, nil
}

// Post sends a form to an endpoint below the realm's protocol/openid-connect
// and returns the answer's body.
func (r *Realm) Post(ctx context.Context, endpoint string, form url.Values, headers ...string) ([]byte, error) {
	return post(ctx, client, r.Issuer()+"/protocol/openid-connect/"+endpoint, form, headers...)
}

func post(ctx context.Context, c *http.Client, address string, form url.Values, headers ...string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode/100 != 2 {
		err = fmt.Errorf("%s: %s", res.Status, raw)
	}
	return raw, err
}

// Password is the form of the password grant of a public client, for a user
// whose password is the name.
func Password(clientID, user string, scopes ...string) url.Values {
	form := url.Values{"grant_type": {"password"}, "client_id": {clientID}, "username": {user}, "password": {user}}
	if len(scopes) > 0 {
		form.Set("scope", strings.Join(scopes, " "))
	}
	return form
}

// ClientCredentials is the form of a client's login as itself.
func ClientCredentials(clientID, secret string) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "client_id": {clientID}, "client_secret": {secret}}
}
