package keycloak

import (
	"crypto/tls"
	"net/http"
	"testing"
)

// TestHTTPS asks Keycloak for keys over TLS with a private authority, and shows
// a token that is bound to a client's certificate (RFC 8705, section 3).
func TestHTTPS(t *testing.T) {
	need(t)
	web := webClient("web")
	bound := webClient("bound")
	bound["attributes"] = map[string]any{"tls.client.certificate.bound.access.tokens": "true"}
	realm := newRealm(t, "https", map[string]any{
		"clients": []any{map[string]any{"clientId": "api", "secret": "api-secret"}, web, bound},
	})
	secure := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
		RootCAs: site.certs.roots, Certificates: []tls.Certificate{site.certs.client},
	}}}
	defer secure.CloseIdleConnections()
	token := func(client string) string {
		return must(realm.TokenAt(t.Context(), secure, realm.SecureIssuer(), Password(client, "alice")))(t).Access
	}
	config := with(guardOf(realm), map[string]any{"issuer": realm.SecureIssuer(), "jwksTimeout": "2s"})
	gs := guards(t, map[string]map[string]any{
		"right": with(config, map[string]any{"caFile": site.certs.ca}),
		"wrong": with(config, map[string]any{"caFile": site.certs.otherCA}),
		"none":  config,
		"off":   with(config, map[string]any{"insecureSkipVerify": true}),
	})
	good := token("web")
	for _, row := range []struct {
		kind, guard string
		want        int
	}{
		{"HTTPS, caFile of the right authority", "right", 200},
		{"HTTPS, caFile of another authority", "wrong", 503},
		{"HTTPS, the system's authorities", "none", 503},
		{"HTTPS, insecureSkipVerify", "off", 200},
	} {
		gs[row.guard].expect(t, row.kind, good, adminPath, row.want)
	}

	tied := token("bound")
	if cnf, ok := decode(tied).payload["cnf"].(map[string]any); !ok || cnf["x5t#S256"] == nil {
		t.Fatalf("the token is bound to no certificate: %s", decode(tied))
	}
	gs["right"].expect(t, "certificate-bound access token (mTLS)", tied, adminPath, 401)
	// The same realm at another address is another issuer.
	gs["right"].expect(t, "token asked for over HTTP, issuer with HTTPS", alice(t, realm), adminPath, 401)
}
