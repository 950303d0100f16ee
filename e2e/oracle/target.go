package oracle

import (
	"encoding/base64"
	"strings"
)

// tokenInput is what FuzzToken makes a token of: header and payload as they
// are, signed in the n-th way, and then, where junk is not empty, written over
// from a place on.
type tokenInput struct {
	header, payload string
	signer          uint8
	at              uint16
	junk            string
}

// token is false where the signature cannot be made.
func (in tokenInput) token() (string, bool) {
	signed := base64.RawURLEncoding.EncodeToString([]byte(in.header)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(in.payload))
	signature, err := sign(in.signer, []byte(signed))
	if err != nil {
		return "", false
	}
	token := signed + "." + base64.RawURLEncoding.EncodeToString(signature)
	if in.junk == "" {
		return token, true
	}
	at := int(in.at) % len(token)
	end := min(at+len(in.junk), len(token))
	return token[:at] + in.junk + token[end:], true
}

// plainSite verifies every token anew and lets every good one pass.
func plainSite(open opener) (*site, error) { return open(anyRole) }

// goodToken is what {token} stands for in FuzzBearer's header values.
const goodToken = "{token}"

// bearerSite remembers tokens, so that the same header takes the short way the
// second time.
func bearerSite(open opener) (*site, error) {
	return open(quiet + `
    rules: [{path: /, authenticated: true}]
`)
}

// claimsSite wants a role and tells the service what the token says.
func claimsSite(open opener) (*site, error) {
	return open(quiet + `
    tokenCacheSize: 0
    roleMapping: {/: [admin]}
    clientRoles: [shop]
    rolesClaim: [groups, "deep,a.b"]
    headers:
      X-User-Email: email
      X-User-Roles: roles
      X-User-Groups: groups
      X-User-Dotted: a.b
      X-User-Deep: deep.c
`)
}

// opener opens a site for one of the plugin's two forms.
type opener func(more string) (*site, error)

// wellFormedBearer takes an Authorization value apart as RFC 6750, section 2.1
// and RFC 9110, section 11.4 write it: a scheme in any case, one blank or more,
// and characters of token68 or whatever else is in the credential, which is
// then not for the parser to judge.
func wellFormedBearer(value string) (credential string, bearer, wellFormed bool) {
	scheme, rest, separated := value, "", false
	if i := strings.IndexAny(value, " \t"); i >= 0 {
		scheme, rest, separated = value[:i], value[i:], true
	}
	if !oneOfFold(scheme, "Bearer") {
		return "", false, false
	}
	credential = strings.TrimLeft(rest, " ")
	wellFormed = separated && credential != "" && !strings.ContainsAny(credential, " \t,")
	return credential, true, wellFormed
}
