package kubernetes

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"
)

// Client speaks to an API server with a bearer token. It may be used by
// several goroutines.
type Client struct {
	url, token string
	http       *http.Client
}

// trust reads the certificate that vouches for the server.
func (c *Client) trust(caFile string) error {
	text, err := os.ReadFile(caFile)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return fmt.Errorf("%s holds no certificate", caFile)
	}
	c.http = &http.Client{
		Timeout:   30 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}, // without a proxy
	}
	return nil
}

// As is a client of the same server with another token.
func (c *Client) As(token string) *Client {
	return &Client{url: c.url, token: token, http: c.http}
}

// StatusError is the server's refusal.
type StatusError struct {
	// Code is the HTTP status.
	Code int
	// Message is what the server says about it.
	Message string
}

func (e *StatusError) Error() string { return fmt.Sprintf("status %d: %s", e.Code, e.Message) }

// do sends a request and returns the answer's body; a status other than 2xx is
// a *StatusError.
func (c *Client) do(ctx context.Context, method, path, contentType string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Accept", "application/json")
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if res.StatusCode/100 != 2 {
		var status struct{ Message string }
		if json.Unmarshal(answer, &status) != nil || status.Message == "" {
			status.Message = string(answer)
		}
		return nil, fmt.Errorf("%s %s: %w", method, path, &StatusError{res.StatusCode, status.Message})
	}
	return answer, nil
}

// Apply applies every document of a YAML text as kubectl apply --server-side
// does, in their order, and returns what the server makes of them.
func (c *Client) Apply(ctx context.Context, text []byte) ([]Object, error) {
	documents, err := Documents(text)
	if err != nil {
		return nil, err
	}
	var stored []Object
	for _, d := range documents {
		path, err := c.path(ctx, d.Object)
		if err != nil {
			return stored, fmt.Errorf("apply %s: %w", d.Object, err)
		}
		query := url.Values{"fieldManager": {"e2e"}, "force": {"true"}, "fieldValidation": {"Strict"}}
		answer, err := c.do(ctx, http.MethodPatch, path+"?"+query.Encode(), "application/apply-patch+yaml", d.Text)
		if err != nil {
			return stored, fmt.Errorf("apply %s: %w", d.Object, err)
		}
		var o Object
		if err := json.Unmarshal(answer, &o); err != nil {
			return stored, fmt.Errorf("apply %s: %w", d.Object, err)
		}
		stored = append(stored, o)
	}
	return stored, nil
}

// Delete deletes an object.
func (c *Client) Delete(ctx context.Context, o Object) error {
	path, err := c.path(ctx, o)
	if err == nil {
		_, err = c.do(ctx, http.MethodDelete, path, "", nil)
	}
	return err
}

// Get fetches the object of another's kind, namespace and name.
func (c *Client) Get(ctx context.Context, o Object) (Object, error) {
	path, err := c.path(ctx, o)
	if err != nil {
		return nil, err
	}
	answer, err := c.do(ctx, http.MethodGet, path, "", nil)
	if err != nil {
		return nil, err
	}
	var got Object
	err = json.Unmarshal(answer, &got)
	return got, err
}

// TryPod asks the server whether it would take a pod made of a template, as
// the Deployment's controller makes them, without making it.
func (c *Client) TryPod(ctx context.Context, namespace string, template Object) error {
	pod := Object{"apiVersion": "v1", "kind": "Pod", "spec": template["spec"]}
	pod["metadata"] = map[string]any{"generateName": "try-", "labels": template.child("metadata")["labels"]}
	text, err := json.Marshal(pod)
	if err != nil {
		return err
	}
	_, err = c.do(ctx, http.MethodPost, "/api/v1/namespaces/"+namespace+"/pods?dryRun=All&fieldValidation=Strict", "application/json", text)
	return err
}

// AccountToken asks for a token of a service account (TokenRequest), such as
// a pod of the account gets.
func (c *Client) AccountToken(ctx context.Context, namespace, name string) (string, error) {
	answer, err := c.do(ctx, http.MethodPost, "/api/v1/namespaces/"+namespace+"/serviceaccounts/"+name+"/token",
		"application/json", []byte(`{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":7200}}`))
	if err != nil {
		return "", err
	}
	var request struct{ Status struct{ Token string } }
	if err := json.Unmarshal(answer, &request); err != nil {
		return "", err
	}
	if request.Status.Token == "" {
		return "", fmt.Errorf("no token for %s/%s in %.80q", namespace, name, answer)
	}
	return request.Status.Token, nil
}

// kindWithin is how long the server may take to serve a kind whose definition
// it has just been given.
const kindWithin = 30 * time.Second

// path is an object's address. The server says how the kind is spelled there,
// and whether it belongs into a namespace.
func (c *Client) path(ctx context.Context, o Object) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, kindWithin)
	defer cancel()
	base := "/apis/" + o.apiVersion()
	if o.apiVersion() == "v1" {
		base = "/api/v1"
	}
	for {
		plural, namespaced, err := c.resource(ctx, base, o.Kind())
		if err == nil {
			if namespaced {
				base += "/namespaces/" + o.Namespace()
			}
			return base + "/" + plural + "/" + o.Name(), nil
		}
		select {
		case <-ctx.Done():
			return "", err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// resource finds a kind among those of a group and version.
func (c *Client) resource(ctx context.Context, base, kind string) (plural string, namespaced bool, err error) {
	answer, err := c.do(ctx, http.MethodGet, base, "", nil)
	if err != nil {
		return "", false, err
	}
	var list struct {
		Resources []struct {
			Name, Kind, SingularName string
			Namespaced               bool
		}
	}
	if err := json.Unmarshal(answer, &list); err != nil {
		return "", false, err
	}
	for _, r := range list.Resources {
		// Those without a singular name are parts of others, as "pods/status".
		if r.Kind == kind && r.SingularName != "" {
			return r.Name, r.Namespaced, nil
		}
	}
	return "", false, fmt.Errorf("the server knows no kind %q in %s", kind, base)
}
