package main

import (
	"fmt"
	"html/template"
	"sort"
	"strings"

	authproxy "github.com/labs64/traefik-authproxy"
)

const matrixHelp = `authproxy matrix FILE

Shows who may go where: a row for every rule, a column for every role, each cell
decided by asking. "yes": this alone suffices. "with": it is needed, and something
else as well (the column "wants" says what). Nothing: it does not help.

  authproxy matrix role_mapping.yaml
  authproxy matrix --format markdown role_mapping.yaml > review.md
  authproxy matrix --format html role_mapping.yaml > review.html

  --format text|markdown|html   text is the default
  --json                        {columns, rows: [{path, match, wants, at, cells, ...}]}

` + policyFlagsHelp + `
Exit status: 0; 2 wrong usage, a file that cannot be read or is broken.
`

// matrixReport is what --json prints.
type matrixReport struct {
	File    string      `json:"file"`
	Columns []string    `json:"columns"`
	Rows    []matrixRow `json:"rows"`
}

// matrixRow is one rule; the last row is for paths without one.
type matrixRow struct {
	Path    string            `json:"path"`
	Match   string            `json:"match"` // "prefix", "exact", or "none" for the last row
	Methods []string          `json:"methods,omitempty"`
	Wants   string            `json:"wants"`
	At      string            `json:"at,omitempty"`
	Trial   bool              `json:"trial,omitempty"` // in shadow mode: what it would say
	Cells   map[string]string `json:"cells"`           // by column: "yes", "with" or "no"
}

// column is who asks.
type column struct {
	name   string
	access *authproxy.Access
	needed func(authproxy.RuleConfig) bool // whether a rule asks for it
}

func (c *command) matrix(args []string) (int, error) {
	f := newFlags()
	config := &authproxy.Config{}
	format := f.String("format", "text", "")
	f.policyFlags(config)
	rest, err := f.take(args, "FILE")
	if err != nil {
		return 0, err
	}
	if *format != "text" && *format != "markdown" && *format != "html" {
		return 0, usagef("--format: want text, markdown or html, got %q", *format)
	}
	policy, err := loadPolicy(rest[0], config)
	if err != nil {
		return 0, err
	}
	report := matrixOf(rest[0], policy)
	switch {
	case f.json:
		return exitFine, c.printJSON(report)
	case *format == "markdown":
		c.printMarkdown(report)
	case *format == "html":
		return exitFine, matrixPage.Execute(c.out, report)
	default:
		c.printMatrix(report)
	}
	return exitFine, nil
}

func matrixOf(file string, policy *authproxy.Policy) matrixReport {
	rules := policy.Rules()
	columns := columnsOf(rules)
	samples := newSamples(rules)
	report := matrixReport{File: file}
	for _, column := range columns {
		report.Columns = append(report.Columns, column.name)
	}
	sort.SliceStable(rules, func(i, j int) bool { return rules[i].Config.Path < rules[j].Config.Path })
	for _, rule := range rules {
		row := matrixRow{
			Path: rule.Config.Path, Match: rule.Config.Match, Methods: rule.Config.Methods,
			Wants: wants(rule), At: rule.Source, Trial: rule.Config.Mode == "shadow", Cells: map[string]string{},
		}
		if row.Match == "" {
			row.Match = "prefix"
		}
		for _, column := range columns {
			e := policy.Explain(samples.methods(rule)[0], samples.target(rule), column.access)
			row.Cells[column.name] = cellOf(e, rule, column)
		}
		report.Rows = append(report.Rows, row)
	}
	return withElsewhere(report, policy, columns, samples)
}

// withElsewhere adds a row for paths without a rule, unless a rule for "/" takes them
// all.
func withElsewhere(report matrixReport, policy *authproxy.Policy, columns []column, samples samples) matrixReport {
	target := "/" + samples.segment
	e := policy.Explain(samples.other, target, nil)
	if e.Rule.Source != "" {
		return report
	}
	row := matrixRow{Path: "elsewhere", Match: "none", Wants: wants(*e.Rule), Cells: map[string]string{}}
	for _, column := range columns {
		row.Cells[column.name] = cellOf(policy.Explain(samples.other, target, column.access), *e.Rule, column)
	}
	report.Rows = append(report.Rows, row)
	return report
}

// cellOf is what a column comes to at a rule: what the rule itself would say where it
// is on trial.
func cellOf(e *authproxy.Explanation, rule authproxy.PolicyRule, column column) string {
	passes := e.Outcome == "allow"
	asked := e.Enforced
	for _, trial := range e.Trials {
		if trial.Rule.Source == rule.Source && trial.Rule.Config.Path == rule.Config.Path {
			passes = trial.Reason == "granted"
			asked = []authproxy.PolicyRule{rule}
		}
	}
	if passes {
		return "yes"
	}
	for _, rule := range asked {
		if column.needed(rule.Config) {
			return "with"
		}
	}
	return "no"
}

// columnsOf lists everybody whom the rules tell apart.
func columnsOf(rules []authproxy.PolicyRule) []column {
	never := func(authproxy.RuleConfig) bool { return false }
	columns := []column{{"no token", nil, never}, {"any token", &authproxy.Access{}, never}}
	for _, role := range distinct(rules, func(c authproxy.RuleConfig) []string {
		return append(append([]string{}, c.Roles...), c.AllRoles...)
	}) {
		role := role
		columns = append(columns, column{shown(role), &authproxy.Access{Roles: []string{role}}, func(c authproxy.RuleConfig) bool {
			return has(c.Roles, role) || has(c.AllRoles, role)
		}})
	}
	for _, pair := range distinct(rules, clientRolePairs) {
		pair := pair
		client, role, _ := strings.Cut(pair, "\x00")
		columns = append(columns, column{shown(client) + ":" + shown(role), &authproxy.Access{ClientRoles: map[string][]string{client: {role}}}, func(c authproxy.RuleConfig) bool {
			return has(clientRolePairs(c), pair)
		}})
	}
	for _, scope := range distinct(rules, func(c authproxy.RuleConfig) []string { return c.Scopes }) {
		scope := scope
		columns = append(columns, column{"scope " + shown(scope), &authproxy.Access{Scopes: []string{scope}}, func(c authproxy.RuleConfig) bool {
			return has(c.Scopes, scope)
		}})
	}
	return columns
}

func clientRolePairs(c authproxy.RuleConfig) []string {
	var pairs []string
	for client, roles := range c.ClientRoles {
		for _, role := range roles {
			pairs = append(pairs, client+"\x00"+role)
		}
	}
	return pairs
}

// distinct gathers what all rules name, sorted.
func distinct(rules []authproxy.PolicyRule, of func(authproxy.RuleConfig) []string) []string {
	known := map[string]bool{}
	var list []string
	for _, rule := range rules {
		for _, name := range of(rule.Config) {
			if !known[name] {
				list = append(list, name)
			}
			known[name] = true
		}
	}
	sort.Strings(list)
	return list
}

func has(list []string, name string) bool {
	for _, one := range list {
		if one == name {
			return true
		}
	}
	return false
}

// Label is the path with what limits the rule to less than all beneath it.
func (r matrixRow) Label() string {
	if r.Match == "none" {
		return "(elsewhere)"
	}
	label := shown(r.Path)
	if r.Match == "exact" {
		label += " only"
	}
	if len(r.Methods) > 0 {
		label = strings.Join(r.Methods, ",") + " " + label
	}
	if r.Trial {
		label += " (on trial)"
	}
	return label
}

// Cell is a column's cell as shown to people.
func (r matrixRow) Cell(column string) string {
	if text := r.Cells[column]; text != "no" {
		return text
	}
	return ""
}

func (c *command) printMatrix(report matrixReport) {
	rows := [][]cell{append(heads("path"), append(heads(report.Columns...), heads("wants", "at")...)...)}
	for _, row := range report.Rows {
		line := []cell{{row.Label(), plain}}
		for _, column := range report.Columns {
			text, style := row.Cell(column), green
			switch text {
			case "":
				text, style = "-", dim
			case "with":
				style = yellow
			}
			line = append(line, cell{text, style})
		}
		rows = append(rows, append(line, cell{row.Wants, plain}, cell{row.At, dim}))
	}
	c.table(c.out, rows)
}

func (c *command) printMarkdown(report matrixReport) {
	line := func(cells []string) {
		fmt.Fprintf(c.out, "| %s |\n", strings.Join(cells, " | "))
	}
	head := append([]string{"path"}, report.Columns...)
	head = append(head, "wants", "at")
	rule := make([]string, 0, len(head))
	for i := range head {
		head[i] = markdown.Replace(head[i])
		rule = append(rule, "---")
	}
	line(head)
	line(rule)
	for _, row := range report.Rows {
		cells := []string{markdown.Replace(row.Label())}
		for _, column := range report.Columns {
			cells = append(cells, row.Cell(column))
		}
		line(append(cells, markdown.Replace(row.Wants), markdown.Replace(row.At)))
	}
}

// markdown escapes what would be more than text in a table's cell.
var markdown = strings.NewReplacer(
	"\\", "\\\\", "|", "\\|", "*", "\\*", "_", "\\_", "`", "\\`", "<", "&lt;", "&", "&amp;", "[", "\\[", "~", "\\~")

var matrixPage = template.Must(template.New("matrix").Parse(`<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>{{.File}}</title>
<style>
body { font-family: system-ui, sans-serif; margin: 2em; }
table { border-collapse: collapse; }
th, td { border: 1px solid #999; padding: .3em .6em; text-align: left; }
th { position: sticky; top: 0; background: #eee; }
.yes { background: #cec; }
.with { background: #ffc; }
</style>
<h1>{{.File}}</h1>
<table>
<tr><th>path</th>{{range .Columns}}<th>{{.}}</th>{{end}}<th>wants</th><th>at</th></tr>
{{- $columns := .Columns}}
{{- range $row := .Rows}}
<tr><td>{{$row.Label}}</td>{{range $columns}}{{$text := $row.Cell .}}<td class="{{$text}}">{{$text}}</td>{{end}}<td>{{$row.Wants}}</td><td>{{$row.At}}</td></tr>
{{- end}}
</table>
</html>
`))
