package main

import (
	"fmt"
	"net/url"
	"sort"
	"strings"

	authproxy "github.com/labs64/traefik-authproxy"
)

const lintHelp = `authproxy lint FILE

Says what is wrong with a policy (error: the middleware refuses the file) and what is
easily not meant (warning): a rule that can never match, a public prefix above a
protected one, the same path twice, a prefix that looks like a pattern, roles that
differ only in case or by a blank, "public" as a role, a path that is public for the
methods that its rules leave out, a rule on trial that opens its path.

  authproxy lint role_mapping.yaml
  authproxy lint --strict role_mapping.yaml && git commit   # warnings count as well

  --strict   exit status 1 for warnings too
  --json     {file, rules, errors, warnings, findings: [{line, severity, text}]}

` + policyFlagsHelp + `
Exit status: 0 no errors; 1 errors; 2 wrong usage, or a file that cannot be read.
`

// lintReport is what --json prints.
type lintReport struct {
	File     string              `json:"file"`
	Rules    int                 `json:"rules"` // 0 where the file is broken
	Errors   int                 `json:"errors"`
	Warnings int                 `json:"warnings"`
	Findings []authproxy.Finding `json:"findings"`
}

func (c *command) lint(args []string) (int, error) {
	f := newFlags()
	config := &authproxy.Config{}
	strict := f.Bool("strict", false, "")
	f.policyFlags(config)
	rest, err := f.take(args, "FILE")
	if err != nil {
		return 0, err
	}
	if err := checkUnmatched(config); err != nil {
		return 0, err
	}
	policy, findings, err := authproxy.LoadPolicy(rest[0], config)
	if err != nil {
		return 0, err
	}
	report := lintReport{File: rest[0], Findings: append([]authproxy.Finding{}, findings...)}
	if policy != nil {
		report.Rules = len(policy.Rules())
		report.Findings = append(report.Findings, lintPolicy(policy)...)
	}
	sort.SliceStable(report.Findings, func(i, j int) bool { return report.Findings[i].Line < report.Findings[j].Line })
	for _, finding := range report.Findings {
		if finding.Severity == "error" {
			report.Errors++
		} else {
			report.Warnings++
		}
	}
	status := exitFine
	if report.Errors > 0 || *strict && report.Warnings > 0 {
		status = exitFound
	}
	if f.json {
		return status, c.printJSON(report)
	}
	for _, finding := range report.Findings {
		style := yellow
		if finding.Severity == "error" {
			style = red
		}
		fmt.Fprintf(c.out, "%s: %s: %s\n", place(report.File, finding.Line), c.paint(style, finding.Severity), finding.Text)
	}
	switch {
	case len(report.Findings) == 0:
		fmt.Fprintf(c.out, "%s: %s, nothing to tell\n", report.File, plural(report.Rules, "rule"))
	default:
		fmt.Fprintf(c.out, "%s: %s, %s\n", report.File, plural(report.Errors, "error"), plural(report.Warnings, "warning"))
	}
	return status, nil
}

// lintPolicy finds what shows only when the policy is asked: it tries every rule
// with a request that should come to it.
func lintPolicy(policy *authproxy.Policy) []authproxy.Finding {
	var findings []authproxy.Finding
	rules := policy.Rules()
	samples := newSamples(rules)
	warn := func(rule authproxy.PolicyRule, format string, args ...any) {
		findings = append(findings, authproxy.Finding{Line: rule.Line, Severity: "warning", Text: fmt.Sprintf(format, args...)})
	}
	told := map[string]bool{}
	for _, rule := range rules {
		if rule.Config.Mode == "shadow" {
			continue
		}
		for _, method := range samples.methods(rule) {
			if text := trouble(rule, policy.Explain(method, samples.target(rule), nil)); text != "" {
				warn(rule, "%s", text)
				break
			}
		}
		place := rule.Config.Path + "\x00" + rule.Config.Match
		if len(rule.Config.Methods) == 0 || rule.Config.Public || told[place] {
			continue
		}
		e := policy.Explain(samples.other, samples.target(rule), nil)
		if e.Reason == "public" {
			told[place] = true
			warn(rule, "%q is public for the methods that its rules leave out, by %s", rule.Config.Path, named(e.Rule))
		}
	}
	return findings
}

// trouble says why a request that should come to a rule does not come to it alone.
func trouble(rule authproxy.PolicyRule, e *authproxy.Explanation) string {
	var others []authproxy.PolicyRule
	for _, enforced := range e.Enforced {
		if enforced.Source != rule.Source || enforced.Config.Path != rule.Config.Path {
			others = append(others, enforced)
		}
	}
	switch {
	case e.Rule == nil:
		return fmt.Sprintf("no request can come to %q: services could read such a path in too many ways, so it is refused", rule.Config.Path)
	case len(others) == len(e.Enforced):
		return fmt.Sprintf("no request comes to the rule for %q: %s decides", rule.Config.Path, named(&others[0]))
	case len(others) > 0:
		return fmt.Sprintf("requests for %q must satisfy %s as well: a service may read the path in another way", rule.Config.Path, named(&others[0]))
	}
	return ""
}

// samples makes requests that come to a rule and to none beneath or beside it.
type samples struct {
	segment string // that no rule has
	other   string // a method that no rule names
}

func newSamples(rules []authproxy.PolicyRule) samples {
	s := samples{segment: "any", other: "OTHER"}
	for _, rule := range rules {
		for strings.Contains(strings.ToLower(rule.Config.Path), "/"+s.segment) {
			s.segment += "-"
		}
		for _, method := range rule.Config.Methods {
			for method == s.other {
				s.other += "-"
			}
		}
	}
	return s
}

// target is a rule's own path where it is exact, else one beneath it.
func (s samples) target(rule authproxy.PolicyRule) string {
	path := rule.Config.Path
	if rule.Config.Match != "exact" {
		path = strings.TrimRight(path, "/") + "/" + s.segment
	}
	return (&url.URL{Path: path}).EscapedPath()
}

func (s samples) methods(rule authproxy.PolicyRule) []string {
	if len(rule.Config.Methods) == 0 {
		return []string{s.other}
	}
	return rule.Config.Methods
}
