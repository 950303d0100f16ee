package authproxy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxMappingBytes bounds a role mapping file.
const maxMappingBytes = 1 << 20

// readLimited reads a file of at most limit bytes.
func readLimited(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	_ = f.Close() // nothing was written
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("%s: larger than %d bytes", path, limit)
	}
	return text, nil
}

// parseMapping reads a role mapping file: a YAML map of path prefixes to lists of
// roles, or {rules: [...]}. Problems name the file and the line.
func parseMapping(name string, text []byte, found *findings) []ruleSource {
	root, err := parseYAML(text)
	if err != nil {
		found.problem(name, "%s", yamlMessage(err))
		return nil
	}
	if root == nil {
		found.problem(name, "the file is empty; want a map of paths to lists of roles, such as \"/api: [user]\"")
		return nil
	}
	f := &mappingFile{name: name, found: found}
	if !isKind(root, yaml.MappingNode) {
		f.problem(root, "want a map of paths to lists of roles, got %s", kindName(root))
		return nil
	}
	if len(root.Content) == 0 {
		f.problem(root, "the map is empty; want paths with lists of roles, such as \"/api: [user]\"")
		return nil
	}
	if root.Content[0].Value == "rules" {
		return f.ruleList(root)
	}
	return f.plainMap(root)
}

// parseYAML returns the root of the only document, nil for an empty one.
func parseYAML(text []byte) (root *yaml.Node, err error) {
	// In the interpreter the library's own recovery of its panics lets some through,
	// and named results begin with what the caller's variables held.
	root = nil
	err = nil
	defer func() {
		r := recover()
		if r != nil {
			root = nil
			err = errors.New(panicText(r))
		}
	}()
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	nodeType := reflect.TypeOf(nodeHolder{}).Field(0).Type
	first := reflect.New(nodeType)
	err = decoder.Decode(first.Interface())
	if err == io.EOF {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if decoder.Decode(reflect.New(nodeType).Interface()) != io.EOF {
		return nil, errors.New("want one YAML document, got several")
	}
	document := first.Elem().Interface().(yaml.Node)
	if len(document.Content) == 0 {
		return nil, nil
	}
	root = document.Content[0]
	if isNull(root) {
		return nil, nil
	}
	return root, nil
}

// nodeHolder has the type under which the library knows its nodes. The interpreter
// gives a local variable of it another one, and decoding into that does nothing.
type nodeHolder struct{ Node yaml.Node }

// isKind compares two kinds as numbers: as what they are, the interpreter finds
// equal ones different.
func isKind(n *yaml.Node, kind yaml.Kind) bool {
	return uint32(n.Kind) == uint32(kind)
}

// panicText is what the library panicked with: an error in a struct, and in the
// interpreter that as a reflect.Value, once more for each time it was passed on.
func panicText(r interface{}) string {
	v, ok := r.(reflect.Value)
	if !ok {
		return strings.Trim(fmt.Sprint(r), "{}")
	}
	if v.Kind() == reflect.Interface && v.CanInterface() {
		return panicText(v.Interface())
	}
	if v.Kind() == reflect.Struct && v.NumField() == 1 {
		return fmt.Sprint(v.Field(0))
	}
	return fmt.Sprint(v)
}

// yamlMessage turns the library's message into one that names the line the way
// ours do.
func yamlMessage(err error) string {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if strings.Contains(text, "cannot start any token") {
		text += " (a tab, perhaps: YAML is indented with blanks)"
	}
	return text
}

// mappingFile walks the nodes of one file; going by nodes keeps the lines.
type mappingFile struct {
	name  string
	found *findings
}

func (f *mappingFile) where(n *yaml.Node) string {
	return fmt.Sprintf("%s:%d", f.name, n.Line)
}

func (f *mappingFile) problem(n *yaml.Node, format string, args ...interface{}) {
	f.found.problem(f.where(n), format, args...)
}

func (f *mappingFile) plainMap(root *yaml.Node) []ruleSource {
	var sources []ruleSource
	lines := map[string]int{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key := root.Content[i]
		value := root.Content[i+1]
		if !isKind(key, yaml.ScalarNode) {
			f.problem(key, "want a path, got %s", kindName(key))
			continue
		}
		if key.Value == "rules" {
			f.problem(key, "rules stand alone: put the map's entries into rules, or keep the map")
			continue
		}
		if line, ok := lines[key.Value]; ok {
			f.problem(key, "the path %q is given twice; first in line %d", key.Value, line)
			continue
		}
		lines[key.Value] = key.Line
		if isNull(value) {
			f.problem(value, "the path %q has no list of roles; for a public path write %q", key.Value, key.Value+": []")
			continue
		}
		roles, ok := f.stringList(value, fmt.Sprintf("the roles of %q", key.Value))
		if ok {
			sources = append(sources, mappedRule(f.where(key), key.Value, roles))
		}
	}
	return sources
}

func (f *mappingFile) ruleList(root *yaml.Node) []ruleSource {
	if len(root.Content) != 2 {
		f.problem(root.Content[2], "rules stand alone: %q does not belong beside them", root.Content[2].Value)
		return nil
	}
	list := root.Content[1]
	if !isKind(list, yaml.SequenceNode) || len(list.Content) == 0 {
		f.problem(list, "want a list of rules, got %s", kindName(list))
		return nil
	}
	var sources []ruleSource
	for i, item := range list.Content {
		before := len(f.found.problems)
		config := f.rule(item)
		if len(f.found.problems) == before {
			where := fmt.Sprintf("%s: rules[%d]", f.where(item), i)
			sources = append(sources, ruleSource{where: where, config: config})
		}
	}
	return sources
}

// rule reads one rule. Unknown keys are refused: a misspelt condition must not
// vanish.
func (f *mappingFile) rule(item *yaml.Node) RuleConfig {
	var c RuleConfig
	if !isKind(item, yaml.MappingNode) {
		f.problem(item, "want a rule such as {path: /api, roles: [user]}, got %s", kindName(item))
		return c
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(item.Content); i += 2 {
		key := item.Content[i]
		value := item.Content[i+1]
		if seen[key.Value] {
			f.problem(key, "%q is given twice", key.Value)
			continue
		}
		seen[key.Value] = true
		switch key.Value {
		case "name":
			c.Name = f.text(value, key.Value)
		case "path":
			c.Path = f.text(value, key.Value)
		case "match":
			c.Match = f.text(value, key.Value)
		case "mode":
			c.Mode = f.text(value, key.Value)
		case "public":
			c.Public = f.truth(value, key.Value)
		case "authenticated":
			c.Authenticated = f.truth(value, key.Value)
		case "methods":
			c.Methods = f.list(value, key.Value)
		case "roles":
			c.Roles = f.list(value, key.Value)
		case "allRoles":
			c.AllRoles = f.list(value, key.Value)
		case "scopes":
			c.Scopes = f.list(value, key.Value)
		case "clientRoles":
			c.ClientRoles = f.listsByClient(value)
		default:
			f.problem(key, "unknown key %q; want name, path, match, methods, roles, allRoles, clientRoles, scopes, public, authenticated or mode", key.Value)
		}
	}
	return c
}

func (f *mappingFile) text(n *yaml.Node, key string) string {
	if !isKind(n, yaml.ScalarNode) || isNull(n) {
		f.problem(n, "%s: want a string, got %s", key, kindName(n))
		return ""
	}
	return n.Value
}

func (f *mappingFile) truth(n *yaml.Node, key string) bool {
	text, plain := plainScalar(n)
	if plain && strings.EqualFold(text, "true") {
		return true
	}
	if plain && strings.EqualFold(text, "false") {
		return false
	}
	f.problem(n, "%s: want true or false, got %q", key, n.Value)
	return false
}

func (f *mappingFile) list(n *yaml.Node, key string) []string {
	list, _ := f.stringList(n, key)
	return list
}

func (f *mappingFile) listsByClient(n *yaml.Node) map[string][]string {
	if !isKind(n, yaml.MappingNode) {
		f.problem(n, "clientRoles: want a map of client ids to lists of roles, got %s", kindName(n))
		return nil
	}
	byClient := map[string][]string{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if _, ok := byClient[key.Value]; ok {
			f.problem(key, "clientRoles: the client %q is given twice", key.Value)
			continue
		}
		byClient[key.Value] = f.list(n.Content[i+1], fmt.Sprintf("clientRoles[%q]", key.Value))
	}
	return byClient
}

// stringList reads a list of strings. Never nil where it is one, so that an empty
// list is told from none.
func (f *mappingFile) stringList(n *yaml.Node, what string) ([]string, bool) {
	if !isKind(n, yaml.SequenceNode) {
		f.problem(n, "%s: want a list such as [a, b], got %s", what, kindName(n))
		return nil, false
	}
	list := make([]string, 0, len(n.Content))
	for _, item := range n.Content {
		if !isKind(item, yaml.ScalarNode) || isNull(item) {
			f.problem(item, "%s: want a string, got %s", what, kindName(item))
			return nil, false
		}
		list = append(list, item.Value)
	}
	return list, true
}

// plainScalar is a scalar's text, "" where it is quoted. The library's own verdict,
// the node's tag, is lost in the interpreter.
func plainScalar(n *yaml.Node) (string, bool) {
	const quoted = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	plain := isKind(n, yaml.ScalarNode) && uint32(n.Style)&uint32(quoted) == 0
	return n.Value, plain
}

// isNull reports whether a node is null (YAML 1.2.2 section 10.3.2).
func isNull(n *yaml.Node) bool {
	text, plain := plainScalar(n)
	return plain && (text == "" || text == "~" || strings.EqualFold(text, "null"))
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a map"
	case yaml.SequenceNode:
		if len(n.Content) == 0 {
			return "an empty list"
		}
		return "a list"
	case yaml.AliasNode:
		return "an alias (anchors and aliases are not supported)"
	}
	if isNull(n) {
		return "nothing"
	}
	return fmt.Sprintf("%q", n.Value)
}
