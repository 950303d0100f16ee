package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	authproxy "github.com/labs64/traefik-authproxy"
)

const explainHelp = `authproxy explain FILE METHOD PATH

Says what becomes of a request: every way in which a service may read its path, the
rules that match each, the one that decides, and why. PATH is what stands on the
request line after Traefik has cleaned it, percent-encoded; quote it for the shell.

  authproxy explain role_mapping.yaml GET /api/v1/auditflow/1
  authproxy explain role_mapping.yaml GET /api/v1/auditflow/1 --roles auditflow-role
  authproxy explain role_mapping.yaml GET '/actuator/..%2fapi/v1/admin' --roles user
  authproxy explain role_mapping.yaml DELETE /api/v1/admin --token token.txt

Who asks; without any of these, nobody: there is no token.
  --roles R,...                a good token with these realm roles; '' for none
  --client-roles C:R,...       and these roles of clients
  --scopes S,...               and these scopes
  --token FILE                 the token in the file ("-": standard input) instead.
                               Its claims are checked, its signature is not
  --roles-claim CLAIM          a further place of roles in the token: a claim's name, or
                               a path as a JSON list, such as '["a","b"]'
  --json                       the explanation with all of its parts

` + policyFlagsHelp + `
Exit status: 0 the request passes; 1 it is refused; 2 wrong usage, a file that cannot
be read or is broken.
`

// methodBytes are the bytes of methods; lower case is nearly always a slip, since
// methods are compared exactly (RFC 9110 section 9.1).
const methodBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_"

func (c *command) explain(args []string) (int, error) {
	f := newFlags()
	config := authproxy.CreateConfig()
	var roles, scopes listFlag
	var clientRoles clientRolesFlag
	var places placesFlag
	f.Var(&roles, "roles", "")
	f.Var(&scopes, "scopes", "")
	f.Var(&clientRoles, "client-roles", "")
	f.Var(&places, "roles-claim", "")
	tokenFile := f.String("token", "", "")
	f.policyFlags(config)
	rest, err := f.take(args, "FILE", "METHOD", "PATH")
	if err != nil {
		return 0, err
	}
	file, method, target := rest[0], rest[1], rest[2]
	if method == "" || strings.Trim(method, methodBytes) != "" {
		return 0, usagef("want a method in capital letters such as GET, got %q", method)
	}
	stated := roles.given || scopes.given || clientRoles.byClient != nil
	if stated && *tokenFile != "" {
		return 0, usagef("--token stands for what the token says; want it without --roles, --client-roles and --scopes")
	}
	if places.places != nil && *tokenFile == "" {
		return 0, usagef("--roles-claim says where roles are in a token: want --token as well")
	}
	policy, err := loadPolicy(file, config)
	if err != nil {
		return 0, err
	}
	var access *authproxy.Access
	switch {
	case stated:
		access = &authproxy.Access{Roles: roles.values, ClientRoles: clientRoles.byClient, Scopes: scopes.values}
	case *tokenFile != "":
		config.RolesClaim = places.places
		access, err = c.accessOf(*tokenFile, config)
		if err != nil {
			return 0, err
		}
	}
	e := policy.Explain(method, target, access)
	status := exitFine
	if e.Outcome != "allow" {
		status = exitFound
	}
	if f.json {
		return status, c.printJSON(e)
	}
	asker := who(access)
	if *tokenFile != "" {
		asker += " (the signature is not checked)"
	}
	c.printExplanation(policy, e, asker)
	return status, nil
}

// accessOf reads a token and returns what it gives, unverified.
func (c *command) accessOf(file string, config *authproxy.Config) (*authproxy.Access, error) {
	var text []byte
	var err error
	if file == "-" {
		text, err = io.ReadAll(io.LimitReader(c.in, maxTokenInput))
	} else {
		text, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, err
	}
	report, err := authproxy.CheckToken(context.Background(), config, bareToken(text))
	if err != nil {
		return nil, err
	}
	if report.Access == nil {
		return &authproxy.Access{Refused: report.Reason}, nil
	}
	return report.Access, nil
}

// parts say the part of a candidate that does not decide.
var parts = map[string]string{
	"trial":   "on trial",
	"method":  "for other methods",
	"beneath": "would be next",
}

func (c *command) printExplanation(policy *authproxy.Policy, e *authproxy.Explanation, asker string) {
	fmt.Fprintf(c.out, "%s %s %s\n\n", c.paint(bold, e.Method), c.paint(bold, shown(e.Target)), asker)
	if len(e.Readings) > 0 {
		demands := demandsOf(policy, e)
		rows := [][]cell{heads("read as", "rule", "at", "wants")}
		for _, reading := range e.Readings {
			path := shown(reading.Path)
			for _, candidate := range reading.Rules {
				at := candidate.Source
				if at == "" {
					at = "-"
				}
				row := []cell{{path, plain}, {shown(candidate.Name), plain}, {at, dim}}
				if candidate.Part == "decides" {
					row = append(row, cell{demands[candidate.Source+"\x00"+candidate.Name], plain})
				} else {
					row = append(row, cell{"(" + parts[candidate.Part] + ")", dim})
				}
				rows = append(rows, row)
				path = ""
			}
		}
		c.table(c.out, rows)
		fmt.Fprintln(c.out)
	}
	for _, trial := range e.Trials {
		word := "would let it pass"
		if trial.Reason != "granted" {
			word = "would refuse it: " + trial.Reason
		}
		fmt.Fprintf(c.out, "%s %s %s\n", c.paint(yellow, "on trial:"), named(&trial.Rule), word)
	}
	if e.Outcome == "allow" {
		fmt.Fprintf(c.out, "%s %s, %s\n", c.paint(green, "passes:"), e.Reason, meaning(e))
		return
	}
	fmt.Fprintf(c.out, "%s %d %s, %s\n", c.paint(red, "refused:"), e.Status, e.Reason, meaning(e))
}

// demandsOf spells out the rules that decide.
func demandsOf(policy *authproxy.Policy, e *authproxy.Explanation) map[string]string {
	demands := map[string]string{}
	for _, rule := range append(policy.Rules(), e.Enforced...) {
		demands[rule.Source+"\x00"+rule.Name] = wants(rule)
	}
	return demands
}

// meaning is the reason in a sentence, with the rule where one refuses.
func meaning(e *authproxy.Explanation) string {
	text := meanings[e.Reason]
	switch {
	case e.Rule == nil || e.Outcome == "allow":
		return text
	case e.Rule.Source == "" && e.Reason == "no_token" && !e.Rule.Config.Authenticated:
		return text + ", and no rule matches the path"
	case e.Reason == "no_token" || e.Reason == "roles" || e.Reason == "scopes":
		return text + ": " + named(e.Rule) + " wants " + wants(*e.Rule)
	}
	return text
}
