package keycloak

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"time"
)

// adminToken is the administrator's access token. Keycloak lets it live for a
// minute.
type adminToken struct {
	value string
	got   time.Time
}

// adminTokenFor is how long an administrator's token is used.
const adminTokenFor = 30 * time.Second

// client shares its connections and never follows a redirection: an answer is
// looked at as it is.
var client = &http.Client{
	Timeout:       30 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Admin makes a request of the admin REST API. in is sent as JSON unless it is
// nil, the answer is decoded into out unless that is nil. address is what
// follows /admin/realms, with its parts escaped. It returns the id of what was
// created, if anything was. An answer that is no success is an error with
// Keycloak's own words.
func (s *Server) Admin(ctx context.Context, method, address string, in, out any) (id string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("admin api: %s %s: %w", method, address, err)
		}
	}()
	if err := s.refreshAdmin(ctx); err != nil {
		return "", err
	}
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return "", err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.URL()+"/admin/realms"+address, body)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+s.admin.value)
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	if res.StatusCode/100 != 2 {
		return "", fmt.Errorf("%s: %s", res.Status, raw)
	}
	if out != nil {
		if err := json.Unmarshal(raw, out); err != nil {
			return "", err
		}
	}
	if at := res.Header.Get("Location"); at != "" {
		id = path.Base(at)
	}
	return id, nil
}

func (s *Server) refreshAdmin(ctx context.Context) error {
	if time.Since(s.admin.got) < adminTokenFor {
		return nil
	}
	got := time.Now()
	answer, err := s.Realm("master").Token(ctx, url.Values{
		"grant_type": {"password"}, "client_id": {"admin-cli"},
		"username": {AdminName}, "password": {AdminPassword},
	})
	if err != nil {
		return err
	}
	s.admin = adminToken{answer.Access, got}
	return nil
}

// Realm is one realm of a server, seen through the admin API and as a client
// sees it.
type Realm struct {
	s    *Server
	name string
}

// Realm names a realm; nothing is asked.
func (s *Server) Realm(name string) *Realm { return &Realm{s, name} }

// Name is the realm's name, unescaped.
func (r *Realm) Name() string { return r.name }

// Issuer is what the realm's tokens say in iss when nothing fixes Keycloak's
// public name: the address that it was asked at.
func (r *Realm) Issuer() string { return r.s.URL() + "/realms/" + url.PathEscape(r.name) }

// SecureIssuer is the same for tokens that were asked for over HTTPS.
func (r *Realm) SecureIssuer() string { return r.s.SecureURL() + "/realms/" + url.PathEscape(r.name) }

// Keys is where the realm's public keys are.
func (r *Realm) Keys() string { return r.Issuer() + "/protocol/openid-connect/certs" }

// admin makes a request below the realm.
func (r *Realm) admin(ctx context.Context, method, address string, in, out any) (string, error) {
	return r.s.Admin(ctx, method, "/"+url.PathEscape(r.name)+address, in, out)
}

// Update changes the realm's settings that are named in change.
func (r *Realm) Update(ctx context.Context, change map[string]any) error {
	_, err := r.admin(ctx, http.MethodPut, "", change, nil)
	return err
}

// AddClient creates a client from its representation and returns its id, which
// is not its client id.
func (r *Realm) AddClient(ctx context.Context, client map[string]any) (string, error) {
	return r.admin(ctx, http.MethodPost, "/clients", client, nil)
}

// User returns a user's id, which is the sub of the user's tokens.
func (r *Realm) User(ctx context.Context, name string) (string, error) {
	var found []struct{ ID string }
	query := url.Values{"username": {name}, "exact": {"true"}}
	if _, err := r.admin(ctx, http.MethodGet, "/users?"+query.Encode(), nil, &found); err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%d users are named %q, want one", len(found), name)
	}
	return found[0].ID, nil
}

// Logout ends a user's sessions, which makes Keycloak send back-channel logout
// tokens.
func (r *Realm) Logout(ctx context.Context, user string) error {
	_, err := r.admin(ctx, http.MethodPost, "/users/"+user+"/logout", nil, nil)
	return err
}

// Key is a key provider of a realm, as the admin API knows it: one key with
// its priority and its state. Config is Keycloak's, a list for each name:
// priority, enabled, active, algorithm, keySize and so on.
type Key struct {
	ID           string              `json:"id,omitempty"`
	Name         string              `json:"name"`
	ProviderID   string              `json:"providerId"`
	ProviderType string              `json:"providerType,omitempty"`
	ParentID     string              `json:"parentId,omitempty"`
	Config       map[string][]string `json:"config"`
}

// keyProvider is the type of the components that are keys.
const keyProvider = "org.keycloak.keys.KeyProvider"

// AddKey creates a key provider. provider is Keycloak's kind, as
// rsa-generated; config is its configuration beside what Keycloak takes as
// default.
func (r *Realm) AddKey(ctx context.Context, provider string, config map[string]string) (*Key, error) {
	var realm struct{ ID string }
	if _, err := r.admin(ctx, http.MethodGet, "", nil, &realm); err != nil {
		return nil, err
	}
	k := &Key{
		Name: fmt.Sprintf("%s-%d", provider, time.Now().UnixNano()), ProviderID: provider,
		ProviderType: keyProvider, ParentID: realm.ID, Config: map[string][]string{},
	}
	for name, value := range config {
		k.Config[name] = []string{value}
	}
	var err error
	k.ID, err = r.admin(ctx, http.MethodPost, "/components", k, nil)
	return k, err
}

// KeysOf returns the realm's key providers of one kind.
func (r *Realm) KeysOf(ctx context.Context, provider string) ([]*Key, error) {
	var all, found []*Key
	if _, err := r.admin(ctx, http.MethodGet, "/components?type="+keyProvider, nil, &all); err != nil {
		return nil, err
	}
	for _, k := range all {
		if k.ProviderID == provider {
			found = append(found, k)
		}
	}
	if len(found) == 0 {
		return nil, errors.New("the realm has no key of the kind " + provider)
	}
	return found, nil
}

// ChangeKey sets one value of a key provider's configuration.
func (r *Realm) ChangeKey(ctx context.Context, k *Key, name, value string) error {
	if k.Config == nil {
		k.Config = map[string][]string{}
	}
	k.Config[name] = []string{value}
	_, err := r.admin(ctx, http.MethodPut, "/components/"+k.ID, k, nil)
	return err
}
