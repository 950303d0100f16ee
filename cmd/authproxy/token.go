package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	authproxy "github.com/labs64/traefik-authproxy"
)

const tokenHelp = `authproxy token < TOKEN

Decodes a token read from standard input and makes the middleware's checks, one by
one. Without --issuer there are no keys: the signature is not checked, and the issuer
is taken to be the token's own. The token itself is not printed, its claims are.

  authproxy token < token.txt
  authproxy token --audience account < token.txt
  authproxy token --issuer https://auth.example.com/realms/shop < token.txt

  --issuer URL             fetch the issuer's keys now and check the signature
  --jwks-url URL           where the keys are, if discovery does not say it right
  --discovery-url URL      where the discovery document is, if not at the issuer
  --keys FILE              take the keys from a JWKS file instead, with --issuer
  --ca-file FILE           certificate authorities to trust for the issuer
  --audience A,...         one of these must be in aud; not checked without it
  --authorized-parties C,...   azp must be one of these
  --algorithms ALG,...     accept these only
  --leeway DURATION        tolerated difference of clocks, 10s
  --require-typ=false      let a token without typ pass
  --counted-clients C,...  clients whose roles count beside the realm's; the audience's
  --roles-claim CLAIM      a further place of roles: a claim's name, or a path as a JSON
                           list, such as '["a","b"]'; may be given again
  --json                   {header, claims, verified, reason, checks, access, identity}

Exit status: 0 nothing is refused; 1 the token is refused; 2 wrong usage, no token, or
keys that cannot be had.
`

// maxTokenInput is more than any token has; the middleware's own limit is lower.
const maxTokenInput = 1 << 20

// bareToken takes off what comes with a token that was copied.
func bareToken(text []byte) string {
	token := strings.TrimSpace(string(text))
	token = strings.TrimPrefix(token, "Authorization: ")
	return strings.TrimPrefix(token, "Bearer ")
}

func (c *command) token(args []string) (int, error) {
	f := newFlags()
	config := authproxy.CreateConfig()
	var places placesFlag
	f.StringVar(&config.Issuer, "issuer", "", "")
	f.StringVar(&config.JWKSURL, "jwks-url", "", "")
	f.StringVar(&config.DiscoveryURL, "discovery-url", "", "")
	f.StringVar(&config.PreloadFile, "keys", "", "")
	f.StringVar(&config.CAFile, "ca-file", "", "")
	f.StringVar(&config.Leeway, "leeway", "", "")
	f.BoolVar(&config.RequireTyp, "require-typ", true, "")
	f.Var(&configList{&config.AuthorizedParties}, "authorized-parties", "")
	f.Var(&configList{&config.Algorithms}, "algorithms", "")
	f.Var(&places, "roles-claim", "")
	f.clientFlags(config)
	if _, err := f.take(args); err != nil {
		return 0, err
	}
	if config.Issuer == "" && (config.JWKSURL != "" || config.DiscoveryURL != "" || config.PreloadFile != "") {
		return 0, usagef("keys belong to an issuer: want --issuer as well")
	}
	config.RolesClaim = places.places
	if in, ok := c.in.(*os.File); ok && wantsColour(in, func(string) string { return "" }) {
		fmt.Fprintln(c.err, "paste the token, then end the input (Ctrl-D)")
	}
	text, err := io.ReadAll(io.LimitReader(c.in, maxTokenInput))
	if err != nil {
		return 0, err
	}
	token := bareToken(text)
	if token == "" {
		return 0, errors.New("no token on standard input")
	}
	report, err := authproxy.CheckToken(context.Background(), config, token)
	if err != nil {
		return 0, err
	}
	status := exitFine
	if report.Reason != "" {
		status = exitFound
	}
	if f.json {
		return status, c.printJSON(report)
	}
	return status, c.printToken(report, config)
}

func (c *command) printToken(report *authproxy.TokenReport, config *authproxy.Config) error {
	for _, part := range []struct {
		name   string
		object map[string]any
	}{{"header", report.Header}, {"claims", report.Claims}} {
		if part.object == nil {
			continue
		}
		text, err := json.MarshalIndent(part.object, "", "  ")
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s %s\n", c.paint(bold, part.name), printed(text))
	}
	rows := [][]cell{heads("check", "", "")}
	for _, check := range report.Checks {
		style := dim
		switch check.Outcome {
		case "ok":
			style = green
		case "refused":
			style = red
		}
		note := noteOn(check, report, config)
		if check.Outcome == "refused" {
			note = strings.TrimSuffix(check.Reason+": "+meanings[check.Reason]+"; "+note, "; ")
		}
		rows = append(rows, []cell{{check.Name, plain}, {check.Outcome, style}, {note, plain}})
	}
	fmt.Fprintln(c.out)
	c.table(c.out, rows)
	fmt.Fprintln(c.out)
	if report.Access != nil {
		gives := [][]cell{{{"roles", plain}, {shownList(report.Access.Roles), plain}}}
		for _, client := range clientsOf(report.Access.ClientRoles) {
			gives = append(gives, []cell{{"roles of " + shown(client), plain}, {shownList(report.Access.ClientRoles[client]), plain}})
		}
		gives = append(gives, []cell{{"scopes", plain}, {shownList(report.Access.Scopes), plain}})
		user := shown(report.Identity["X-User-Id"])
		if user == "" {
			user = "none: no sub that fits into a header"
		}
		gives = append(gives, []cell{{"X-User-Id", plain}, {user, plain}})
		c.table(c.out, gives)
		fmt.Fprintln(c.out)
	}
	switch {
	case report.Reason != "":
		fmt.Fprintf(c.out, "%s 401 %s, %s\n", c.paint(red, "refused:"), report.Reason, meanings[report.Reason])
	case !report.Verified:
		fmt.Fprintf(c.out, "%s but the signature was not checked\n", c.paint(yellow, "nothing refused,"))
	default:
		fmt.Fprintf(c.out, "%s the signature is good\n", c.paint(green, "accepted:"))
	}
	return nil
}

// noteOn says what a check looked at.
func noteOn(check authproxy.TokenCheck, report *authproxy.TokenReport, config *authproxy.Config) string {
	switch check.Name {
	case "header":
		if alg, ok := report.Header["alg"]; ok {
			return "alg " + jsonOf(alg)
		}
	case "key":
		if kid, ok := report.Header["kid"]; ok {
			return "kid " + jsonOf(kid)
		}
	case "signature":
		if config.Issuer == "" {
			return "no keys: --issuer fetches them"
		}
	case "issuer":
		if config.Issuer == "" {
			return claim(report, "iss")
		}
		return claim(report, "iss") + ", want " + shown(config.Issuer)
	case "audience":
		return claim(report, "aud") + oneOf(config.Audience)
	case "party":
		return claim(report, "azp") + oneOf(config.AuthorizedParties)
	case "type":
		return claim(report, "typ")
	case "time":
		var notes []string
		for _, name := range []string{"exp", "nbf", "iat"} {
			if _, ok := report.Claims[name]; ok {
				notes = append(notes, name+" "+dateOf(report.Claims[name]))
			}
		}
		return strings.Join(notes, ", ")
	}
	return ""
}

// claim shows a claim with its name.
func claim(report *authproxy.TokenReport, name string) string {
	value, ok := report.Claims[name]
	if !ok {
		return "no " + name
	}
	return name + " " + jsonOf(value)
}

// oneOf says what a claim was compared with, if with anything.
func oneOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return ", want " + anyOf(list)
}

func jsonOf(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	return printed(text)
}

// printed is JSON with what does not print escaped, for foreign text has no business
// with the terminal.
func printed(text []byte) string {
	var out strings.Builder
	for _, r := range string(text) {
		if r == '\n' || strconv.IsPrint(r) {
			out.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&out, "\\u%04x", unit)
		}
	}
	return out.String()
}

// dateOf is a NumericDate (RFC 7519 section 2) as a date.
func dateOf(v any) string {
	number, ok := v.(json.Number)
	if !ok {
		return jsonOf(v)
	}
	seconds, err := number.Float64()
	if err != nil || seconds < 0 || seconds >= 1<<53 {
		return number.String()
	}
	return time.Unix(int64(seconds), 0).UTC().Format(time.RFC3339)
}
