package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	authproxy "github.com/labs64/traefik-authproxy"
)

// listFlag is a flag with values separated by commas; it may be given again. Blanks
// stay: roles are compared exactly.
type listFlag struct {
	values []string
	given  bool
}

func (l *listFlag) String() string { return strings.Join(l.values, ",") }

func (l *listFlag) Set(text string) error {
	l.given = true
	if text != "" {
		l.values = append(l.values, strings.Split(text, ",")...)
	}
	return nil
}

// clientRolesFlag is a list of client:role. A client id with a colon cannot be said
// here.
type clientRolesFlag struct {
	byClient map[string][]string
}

func (f *clientRolesFlag) String() string { return "" }

func (f *clientRolesFlag) Set(text string) error {
	if f.byClient == nil {
		f.byClient = map[string][]string{}
	}
	for _, item := range strings.Split(text, ",") {
		client, role, ok := strings.Cut(item, ":")
		if !ok || client == "" || role == "" {
			return fmt.Errorf("want client:role, got %q", item)
		}
		f.byClient[client] = append(f.byClient[client], role)
	}
	return nil
}

// placesFlag lists further places of roles in a token: a claim's name, or the JSON
// list of a path's elements.
type placesFlag struct {
	places [][]string
}

func (f *placesFlag) String() string { return "" }

func (f *placesFlag) Set(text string) error {
	place := []string{text}
	if strings.HasPrefix(text, "[") {
		if err := json.Unmarshal([]byte(text), &place); err != nil {
			return fmt.Errorf("want a claim's name or a JSON list of a path's elements, got %q", text)
		}
	}
	f.places = append(f.places, place)
	return nil
}

// flags is a command's flag set. Flags may stand before, between and behind the
// other arguments.
type flags struct {
	*flag.FlagSet
	json bool
}

func newFlags() *flags {
	f := &flags{FlagSet: flag.NewFlagSet("", flag.ContinueOnError)}
	f.SetOutput(io.Discard)
	f.BoolVar(&f.json, "json", false, "")
	return f
}

// take parses a command line and returns what is no flag: exactly as many arguments
// as there are names.
func (f *flags) take(args []string, names ...string) ([]string, error) {
	var rest []string
	for {
		err := f.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			return nil, errHelp
		}
		if err != nil {
			return nil, usagef("%s", err)
		}
		if f.NArg() == 0 {
			break
		}
		rest = append(rest, f.Arg(0))
		args = f.Args()[1:]
	}
	if len(rest) != len(names) {
		if len(names) == 0 {
			return nil, usagef("want no arguments but flags, got %q", rest)
		}
		return nil, usagef("want %s, got %d arguments", strings.Join(names, " "), len(rest))
	}
	return rest, nil
}

// policyFlags adds what of a middleware's configuration shapes a policy.
func (f *flags) policyFlags(config *authproxy.Config) {
	f.StringVar(&config.Unmatched, "unmatched", "", "")
	f.BoolVar(&config.CaseInsensitivePaths, "case-insensitive-paths", false, "")
	f.clientFlags(config)
}

// clientFlags adds whose roles count.
func (f *flags) clientFlags(config *authproxy.Config) {
	f.Var(&configList{&config.Audience}, "audience", "")
	f.Var(&configList{&config.ClientRoles}, "counted-clients", "")
}

const policyFlagsHelp = `What stands in the middleware's configuration beside the file:
  --unmatched authenticated   paths without a rule pass with any good token
  --case-insensitive-paths    paths are compared with their letters folded
  --audience A,...            its clients' roles count beside the realm's, as by default
  --counted-clients C,...     those whose roles count instead (clientRoles)
`

// configList fills a list of the configuration.
type configList struct{ list *[]string }

func (l *configList) String() string { return "" }

func (l *configList) Set(text string) error {
	*l.list = append(*l.list, strings.Split(text, ",")...)
	return nil
}

// loadPolicy reads a sound policy. Where it is broken the error says all that is
// wrong.
func loadPolicy(file string, config *authproxy.Config) (*authproxy.Policy, error) {
	if err := checkUnmatched(config); err != nil {
		return nil, err
	}
	policy, findings, err := authproxy.LoadPolicy(file, config)
	if err != nil {
		return nil, err
	}
	if policy == nil {
		var lines []string
		for _, f := range findings {
			if f.Severity == "error" {
				lines = append(lines, place(file, f.Line)+": "+f.Text)
			}
		}
		return nil, fmt.Errorf("the policy is broken\n%s", strings.Join(lines, "\n"))
	}
	return policy, nil
}

func checkUnmatched(config *authproxy.Config) error {
	switch config.Unmatched {
	case "", "deny", "authenticated":
		return nil
	}
	return usagef("--unmatched: want deny or authenticated, got %q", config.Unmatched)
}

// place is file:line, or the file where the line is not known.
func place(file string, line int) string {
	if line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}
