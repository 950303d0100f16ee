package keycloak

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// Login is what a browser has after a login: where Keycloak sends it, and the
// cookies.
type Login struct {
	// Location is the redirection to the client, with what the response type
	// and mode asked for in its query or fragment.
	Location *url.URL
	// Cookies are the realm's cookies by name.
	Cookies map[string]string

	at   *url.URL // the page that the browser shows
	page []byte
}

// Values returns the parameters of the redirection, from its query and its
// fragment.
func (l *Login) Values() url.Values {
	all := l.Location.Query()
	fragment, err := url.ParseQuery(l.Location.Fragment)
	if err != nil {
		return all
	}
	for name, v := range fragment {
		all[name] = append(all[name], v...)
	}
	return all
}

// Browser logs a user in as a browser does: it opens the authorization
// endpoint with the query, fills in the form and stops at the redirection to
// the client. The user's password is the name.
func (r *Realm) Browser(ctx context.Context, user string, query url.Values) (*Login, error) {
	l := &Login{Cookies: map[string]string{}}
	res, err := l.logIn(ctx, r.Issuer()+"/protocol/openid-connect/auth?"+query.Encode(), user)
	if err == nil {
		l.Location, err = res.Location()
	}
	if err != nil {
		return nil, fmt.Errorf("realm %q: login of %q: %w", r.name, user, err)
	}
	return l, nil
}

// Agree logs a user in at the address that a device shows (RFC 8628), and
// agrees to what the device asks for.
func (r *Realm) Agree(ctx context.Context, user, address string) error {
	l := &Login{Cookies: map[string]string{}}
	res, err := l.logIn(ctx, address, user)
	if err == nil {
		res, err = l.follow(ctx, res)
	}
	if err == nil {
		res, err = l.submit(ctx, url.Values{"accept": {"Yes"}})
	}
	if err == nil {
		_, err = l.follow(ctx, res)
	}
	if err != nil {
		return fmt.Errorf("realm %q: %q agrees: %w", r.name, user, err)
	}
	return nil
}

// logIn opens an address that shows the login page, and fills it in.
func (l *Login) logIn(ctx context.Context, address, user string) (*http.Response, error) {
	res, err := l.visit(ctx, http.MethodGet, address, nil)
	if err == nil {
		_, err = l.follow(ctx, res)
	}
	if err != nil {
		return nil, err
	}
	return l.submit(ctx, url.Values{"username": {user}, "password": {user}, "credentialId": {""}})
}

// follow goes where the answers send it, until one is a page.
func (l *Login) follow(ctx context.Context, res *http.Response) (*http.Response, error) {
	for range 10 {
		if res.Header.Get("Location") == "" {
			return res, nil
		}
		to, err := res.Location()
		if err != nil {
			return nil, err
		}
		if res, err = l.visit(ctx, http.MethodGet, to.String(), nil); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("still redirected at %s", l.at)
}

// formAction finds where a page's form goes.
var formAction = regexp.MustCompile(`<form[^>]+action="([^"]+)"`)

// submit sends the form of the page that the browser shows.
func (l *Login) submit(ctx context.Context, form url.Values) (*http.Response, error) {
	action := formAction.FindSubmatch(l.page)
	if action == nil {
		return nil, fmt.Errorf("no form in the page at %s", l.at)
	}
	to, err := l.at.Parse(html.UnescapeString(string(action[1])))
	if err != nil {
		return nil, err
	}
	return l.visit(ctx, http.MethodPost, to.String(), form)
}

// visit makes one request with the cookies so far. They are carried by hand:
// Keycloak marks them Secure, which a cookie jar takes at its word on plain
// HTTP, and a browser on loopback does not.
func (l *Login) visit(ctx context.Context, method, address string, form url.Values) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range l.Cookies {
		req.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if l.page, err = io.ReadAll(res.Body); err != nil {
		return nil, err
	}
	l.at = req.URL
	for _, c := range res.Cookies() {
		l.Cookies[c.Name] = c.Value
	}
	if res.StatusCode >= 400 {
		return nil, fmt.Errorf("%s %s: %s", method, req.URL.Path, res.Status)
	}
	return res, nil
}
