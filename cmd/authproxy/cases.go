package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strconv"
	"strings"

	authproxy "github.com/labs64/traefik-authproxy"
	"go.yaml.in/yaml/v3"
)

const testHelp = `authproxy test FILE CASES.yaml

Runs a policy's own test cases, so that a repository of policies can have a CI.

  authproxy test role_mapping.yaml cases.yaml
  authproxy test --every-rule role_mapping.yaml cases.yaml   # a rule without a case fails

CASES.yaml is a list:
  - name: auditors read            # default: method and path
    path: /api/v1/auditflow/1      # percent-encoded, as on the request line
    method: GET                    # default: GET
    roles: [auditflow-role]        # [] is a good token without roles
    clientRoles: {shop: [clerk]}
    scopes: [read]
    expect: allow
A case without roles, clientRoles and scopes has no token.

expect is allow or deny; a status: 200, 400, 401, 403; or the decision log's word:
public, granted, bad_path, no_token, no_rule, roles, scopes.

  --every-rule   fail as well where no case comes to a rule
  -v             list the cases that pass, too
  --json         {file, passed, failed, cases: [...], untested: [...]}

` + policyFlagsHelp + `
Exit status: 0 all cases pass; 1 some fail; 2 wrong usage, a file that cannot be read
or is broken, no cases.
`

// testCase is one case as written.
type testCase struct {
	line   int
	name   string
	method string
	path   string
	access *authproxy.Access
	expect string
}

// caseResult is what became of a case.
type caseResult struct {
	Name    string `json:"name"`
	Line    int    `json:"line"`
	Method  string `json:"method"`
	Path    string `json:"path"`
	Expect  string `json:"expect"`
	Passed  bool   `json:"passed"`
	Outcome string `json:"outcome"`
	Status  int    `json:"status"`
	Reason  string `json:"reason"`
	Rule    string `json:"rule,omitempty"`

	meaning string
}

// testReport is what --json prints.
type testReport struct {
	File     string                 `json:"file"`
	Passed   int                    `json:"passed"`
	Failed   int                    `json:"failed"`
	Cases    []caseResult           `json:"cases"`
	Untested []authproxy.PolicyRule `json:"untested"` // rules that no case comes to
}

// expectations are the words that a case may expect.
var expectations = []string{
	"allow", "deny", "200", "400", "401", "403",
	"public", "granted", "bad_path", "no_token", "no_rule", "roles", "scopes",
}

func (c *command) test(args []string) (int, error) {
	f := newFlags()
	config := &authproxy.Config{}
	everyRule := f.Bool("every-rule", false, "")
	verbose := f.Bool("v", false, "")
	f.policyFlags(config)
	rest, err := f.take(args, "FILE", "CASES.yaml")
	if err != nil {
		return 0, err
	}
	policy, err := loadPolicy(rest[0], config)
	if err != nil {
		return 0, err
	}
	cases, err := readCases(rest[1])
	if err != nil {
		return 0, err
	}
	report := runCases(rest[0], policy, cases)
	status := exitFine
	if report.Failed > 0 || *everyRule && len(report.Untested) > 0 {
		status = exitFound
	}
	if f.json {
		return status, c.printJSON(report)
	}
	c.printCases(rest[1], report, *verbose)
	return status, nil
}

func runCases(file string, policy *authproxy.Policy, cases []testCase) testReport {
	report := testReport{File: file, Cases: []caseResult{}, Untested: []authproxy.PolicyRule{}}
	met := map[string]bool{}
	for _, tc := range cases {
		e := policy.Explain(tc.method, tc.path, tc.access)
		result := caseResult{
			Name: tc.name, Line: tc.line, Method: tc.method, Path: tc.path, Expect: tc.expect,
			Outcome: e.Outcome, Status: e.Status, Reason: e.Reason, meaning: meaning(e),
			Passed: tc.expect == e.Outcome || tc.expect == e.Reason || tc.expect == strconv.Itoa(e.Status),
		}
		if e.Rule != nil {
			result.Rule = e.Rule.Name
		}
		if result.Passed {
			report.Passed++
		} else {
			report.Failed++
		}
		report.Cases = append(report.Cases, result)
		for _, rule := range e.Enforced {
			met[rule.Source+"\x00"+rule.Config.Path] = true
		}
		for _, trial := range e.Trials {
			met[trial.Rule.Source+"\x00"+trial.Rule.Config.Path] = true
		}
	}
	for _, rule := range policy.Rules() {
		if !met[rule.Source+"\x00"+rule.Config.Path] {
			report.Untested = append(report.Untested, rule)
		}
	}
	return report
}

func (c *command) printCases(file string, report testReport, verbose bool) {
	for _, result := range report.Cases {
		if result.Passed {
			if verbose {
				fmt.Fprintf(c.out, "%s: %s %s\n", place(file, result.Line), c.paint(green, "ok"), shown(result.Name))
			}
			continue
		}
		fmt.Fprintf(c.out, "%s: %s %s\n", place(file, result.Line), c.paint(red, "FAIL"), shown(result.Name))
		fmt.Fprintf(c.out, "    %s %s: want %s, got %s: %d %s, %s\n", result.Method, shown(result.Path), result.Expect, result.Outcome, result.Status, result.Reason, result.meaning)
	}
	for i := range report.Untested {
		fmt.Fprintf(c.out, "%s no case comes to %s\n", c.paint(yellow, "untested:"), named(&report.Untested[i]))
	}
	fmt.Fprintf(c.out, "%s: %d passed, %d failed\n", plural(len(report.Cases), "case"), report.Passed, report.Failed)
}

// readCases reads a file of cases. The error says all that is wrong with it, with
// lines.
func readCases(file string) ([]testCase, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var document yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&document); err != nil && err != io.EOF {
		return nil, fmt.Errorf("%s: %s", file, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(document.Content) == 0 || document.Content[0].Kind != yaml.SequenceNode || len(document.Content[0].Content) == 0 {
		return nil, fmt.Errorf("%s: want a list of cases such as {path: /api, roles: [user], expect: allow}", file)
	}
	if err := decoder.Decode(&yaml.Node{}); err != io.EOF {
		return nil, fmt.Errorf("%s: want one YAML document, got several", file)
	}
	var cases []testCase
	var problems []string
	for _, item := range document.Content[0].Content {
		tc, found := readCase(item)
		for _, problem := range found {
			problems = append(problems, place(file, problem.line)+": "+problem.text)
		}
		cases = append(cases, tc)
	}
	if len(problems) > 0 {
		return nil, errors.New("the cases are broken\n" + strings.Join(problems, "\n"))
	}
	return cases, nil
}

// problem is a mistake in a file of cases.
type problem struct {
	line int
	text string
}

func readCase(item *yaml.Node) (testCase, []problem) {
	tc := testCase{line: item.Line, method: "GET"}
	if item.Kind != yaml.MappingNode {
		return tc, []problem{{item.Line, "want a case such as {path: /api, roles: [user], expect: allow}"}}
	}
	var problems []problem
	decode := func(value *yaml.Node, key, want string, into any) {
		if value.Tag == "!!null" || value.Decode(into) != nil {
			problems = append(problems, problem{value.Line, key + ": want " + want})
		}
	}
	access := &authproxy.Access{}
	seen := map[string]bool{}
	for i := 0; i+1 < len(item.Content); i += 2 {
		key, value := item.Content[i], item.Content[i+1]
		if seen[key.Value] {
			problems = append(problems, problem{key.Line, fmt.Sprintf("%q is given twice", key.Value)})
		}
		seen[key.Value] = true
		switch key.Value {
		case "name":
			decode(value, "name", "a string", &tc.name)
		case "path":
			decode(value, "path", "a path such as /api", &tc.path)
		case "method":
			decode(value, "method", "a method such as GET", &tc.method)
		case "expect":
			decode(value, "expect", "one of "+strings.Join(expectations, ", "), &tc.expect)
		case "roles":
			decode(value, "roles", "a list such as [user]; for a request without a token leave it out", &access.Roles)
		case "scopes":
			decode(value, "scopes", "a list such as [read]", &access.Scopes)
		case "clientRoles":
			decode(value, "clientRoles", "a map of client ids to lists of roles", &access.ClientRoles)
		default:
			problems = append(problems, problem{key.Line, fmt.Sprintf("unknown key %q; want name, path, method, roles, clientRoles, scopes or expect", key.Value)})
		}
	}
	if seen["roles"] || seen["scopes"] || seen["clientRoles"] {
		tc.access = access
	}
	if tc.name == "" {
		tc.name = tc.method + " " + tc.path
	}
	if !seen["path"] || !seen["expect"] {
		problems = append(problems, problem{item.Line, "want path and expect"})
	}
	if seen["expect"] && tc.expect != "" && !has(expectations, tc.expect) {
		problems = append(problems, problem{item.Line, fmt.Sprintf("expect: want one of %s, got %q", strings.Join(expectations, ", "), tc.expect)})
	}
	if tc.method == "" || strings.Trim(tc.method, methodBytes) != "" {
		problems = append(problems, problem{item.Line, fmt.Sprintf("method: want capital letters such as GET, got %q", tc.method)})
	}
	sort.SliceStable(problems, func(i, j int) bool { return problems[i].line < problems[j].line })
	return tc, problems
}
