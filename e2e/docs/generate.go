package docs

import (
	"fmt"
	"go/constant"
	"regexp"
	"strings"
	"time"
)

// Generate returns the generated regions, by name.
func Generate(checkout string) (map[string]string, error) {
	s, err := Read(checkout)
	if err != nil {
		return nil, err
	}
	regions := map[string]string{}
	for name, write := range map[string]func(*Source) (string, error){
		"keys":    writeKeys,
		"issuers": func(s *Source) (string, error) { return writeStruct(s, "IssuerConfig") },
		"rules":   func(s *Source) (string, error) { return writeStruct(s, "RuleConfig") },
		"limits":  writeLimits,
		"options": writeOptions,
	} {
		text, err := write(s)
		if err != nil {
			return nil, err
		}
		regions[name] = text
	}
	return regions, nil
}

// groups are the titles above the keys of the configuration; each begins with
// the key that it names.
var groups = map[string]string{
	"issuer":         "Whose tokens",
	"audience":       "Which tokens",
	"roleMapping":    "Who may do what",
	"userIdHeader":   "What the service and the client see",
	"caFile":         "How keys are fetched",
	"tokenCacheSize": "Memory and logs",
}

// Option is a configuration key as the documentation shows it.
type Option struct {
	Key, Type, Default string
	Meaning            string // sentences, without default and risk
	Risk               string // "" where there is none
}

// Options returns the keys of one of the plugin's configuration structs, made
// of the doc comments.
func (s *Source) Options(structName string) ([]Option, error) {
	fields, err := s.Fields(structName)
	if err != nil {
		return nil, err
	}
	keys, err := s.goNames()
	if err != nil {
		return nil, err
	}
	durations := s.Durations()
	var list []Option
	for _, f := range fields {
		o := Option{Key: f.Key, Type: typeName(f, durations)}
		doc := goName.ReplaceAllStringFunc(f.Doc, func(word string) string {
			name := word[strings.LastIndexByte(word, '.')+1:]
			key, ok := keys[name]
			if !ok || word == strings.Fields(f.Doc)[0] {
				return word
			}
			return "`" + key + "`"
		})
		doc = strings.ReplaceAll(doc, "those of [Config]", "the keys above")
		_, doc, _ = strings.Cut(doc, " ") // the field's own name
		for _, verb := range []string{"is ", "are ", "lists ", "say "} {
			doc = strings.TrimPrefix(doc, verb)
		}
		doc = strings.ToUpper(doc[:1]) + doc[1:]
		doc, o.Default = takeOut(doc, "Default: ")
		doc, o.Risk = takeOut(doc, "Risk: ")
		if m := markedDefault.FindStringSubmatch(doc); m != nil && o.Default == "" {
			o.Default = m[1]
		}
		if strings.Contains(doc, "Required") && o.Default == "" {
			o.Default = "required"
			doc = strings.TrimSuffix(doc, " Required.")
		}
		if o.Default == "" {
			o.Default = zeroValues[f.Type]
		}
		if o.Default == "" {
			return nil, fmt.Errorf("%s.%s: the doc comment says no default", structName, f.Name)
		}
		o.Default = strings.Trim(o.Default, `"`)
		if literalDefault.MatchString(o.Default) {
			o.Default = "`" + o.Default + "`"
		}
		o.Meaning = escapeCell(doc)
		list = append(list, o)
	}
	return list, nil
}

var (
	goName         = regexp.MustCompile(`\b(?:Config\.)?[A-Z][A-Za-z]+\b`)
	markedDefault  = regexp.MustCompile(`("[^"]*") \(default[);]`)
	literalDefault = regexp.MustCompile(`^(true|false|\d+\w*|X-User-Id|deny|enforce|prefix|info|denied)$`)
	zeroValues     = map[string]string{"bool": "false", "string": "none", "[]string": "none", "map[string][]string": "none"}
)

// takeOut cuts the sentence that begins with a word out of a text.
func takeOut(doc, word string) (rest, sentence string) {
	before, after, ok := strings.Cut(doc, word)
	if !ok {
		return doc, ""
	}
	end := len(after)
	if m := sentenceEnd.FindStringIndex(after); m != nil {
		end = m[0]
	}
	sentence = after[:end]
	after = strings.TrimPrefix(after[end:], ".")
	return strings.TrimSpace(strings.TrimSpace(before) + " " + strings.TrimSpace(after)), sentence
}

// sentenceEnd is a full stop at the end, or before a blank and a capital letter
// or code.
var sentenceEnd = regexp.MustCompile("\\.(?: [A-Z`]|$)")

// goNames maps the names of the configuration's fields to their keys.
func (s *Source) goNames() (map[string]string, error) {
	names := map[string]string{}
	for _, structName := range []string{"RuleConfig", "IssuerConfig", "Config"} {
		fields, err := s.Fields(structName)
		if err != nil {
			return nil, err
		}
		for _, f := range fields {
			names[f.Name] = f.Key
		}
	}
	return names, nil
}

func typeName(f Field, durations map[string]bool) string {
	if durations[f.Key] {
		return "duration"
	}
	name, ok := map[string]string{
		"string":              "string",
		"bool":                "true or false",
		"int":                 "number",
		"[]string":            "list",
		"[][]string":          "list of lists",
		"map[string][]string": "map of lists",
		"map[string]string":   "map",
		"[]IssuerConfig":      "list of [issuers](#further-issuers)",
		"[]RuleConfig":        "list of [rules](#rules)",
	}[f.Type]
	if !ok {
		return f.Type
	}
	return name
}

func escapeCell(text string) string {
	text = strings.ReplaceAll(text, "|", `\|`)
	return placeholder.ReplaceAllStringFunc(text, func(m string) string { return "`" + m + "`" })
}

// placeholder is an address with parts in angle brackets, which Markdown would
// take for HTML.
var placeholder = regexp.MustCompile(`<\w+>[\w./<>-]*\w>?`)

func writeKeys(s *Source) (string, error) {
	options, err := s.Options("Config")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for i, o := range options {
		title, first := groups[o.Key]
		if i == 0 && !first {
			return "", fmt.Errorf("no title for the group of keys that begins with %s", o.Key)
		}
		if first {
			fmt.Fprintf(&b, "\n### %s\n\n%s", title, tableHead)
		}
		o.writeRow(&b)
	}
	return strings.TrimSpace(b.String()), nil
}

func writeStruct(s *Source, name string) (string, error) {
	options, err := s.Options(name)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(tableHead)
	for _, o := range options {
		o.writeRow(&b)
	}
	return strings.TrimSpace(b.String()), nil
}

const tableHead = "| key | type | default | meaning |\n|---|---|---|---|\n"

func (o Option) writeRow(b *strings.Builder) {
	meaning := o.Meaning
	if o.Risk != "" {
		meaning += " **Risk:** " + o.Risk + "."
	}
	fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", o.Key, o.Type, o.Default, meaning)
}

// readmeKeys are the keys of the README's short table.
var readmeKeys = []string{
	"issuer", "keycloakUrl", "realm", "jwksUrl", "discoveryUrl", "issuers", "audience", "skipAudienceCheck", "authorizedParties",
	"algorithms", "leeway", "requireTyp", "roleMapping", "roleMappingFile", "rules", "clientRoles", "rolesClaim", "unmatched", "mode",
	"allowPreflight", "userIdHeader", "headers", "forwardAuthorization", "cookieName", "queryParam", "caFile", "insecureSkipVerify",
	"jwksRefresh", "jwksMinRefresh", "jwksMaxStale", "preloadFile", "tokenCacheSize", "logLevel", "decisionLog",
}

func writeOptions(s *Source) (string, error) {
	options, err := s.Options("Config")
	if err != nil {
		return "", err
	}
	byKey := map[string]Option{}
	for _, o := range options {
		byKey[o.Key] = o
	}
	var b strings.Builder
	b.WriteString("| key | default | what for | risk |\n|---|---|---|---|\n")
	for _, key := range readmeKeys {
		o, ok := byKey[key]
		if !ok {
			return "", fmt.Errorf("the README's table lists %q, and the plugin has no such key", key)
		}
		meaning := o.Meaning
		if m := sentenceEnd.FindStringIndex(meaning); m != nil {
			meaning = meaning[:m[0]]
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", key, o.Default, meaning, o.Risk)
	}
	return strings.TrimSpace(b.String()), nil
}

// limit is a bound that no configuration changes.
type limit struct {
	constant string
	unit     string // "bytes", "time" or what is counted
	of       string
}

var limits = []limit{
	{"maxHeaderBytes", "bytes", "a token's header, encoded"},
	{"maxHeaderEscaped", "", "commas and backslashes of a token's header that has escapes"},
	{"maxKeyID", "bytes", "a key id"},
	{"maxJSONDepth", "levels", "nested objects and lists in a token"},
	{"maxClaimsNesting", "", "objects and lists in a token's claims together"},
	{"maxKeysTried", "", "keys of one kid that a token is tried with"},
	{"maxLeeway", "time", "`leeway`"},
	{"minRefreshAllowed", "time", "`jwksTimeout`, `jwksRefresh`, `jwksMinRefresh` and `jwksMaxStale`, each at least"},
	{"maxJWKSBytes", "bytes", "an answer of the issuer, a `preloadFile`, a `caFile`"},
	{"minRSABits", "bits", "an RSA key, at least"},
	{"maxRSABits", "bits", "an RSA key, at most"},
	{"maxMappingBytes", "bytes", "a `roleMappingFile`"},
	{"watchEvery", "time", "between two looks at a `roleMappingFile`"},
	{"maxOddPathBytes", "bytes", "a path that has more than one reading"},
	{"maxOddPathSegments", "", "slashes in such a path"},
	{"maxOddPathEscapes", "", "percent signs in such a path"},
	{"maxReadings", "", "readings of such a path"},
	{"maxCacheBytes", "bytes", "what remembered tokens take together, about, for each set of verification settings"},
	{"maxRoutes", "", "remembered paths of one middleware"},
	{"maxRouteBytes", "bytes", "what they take together, about"},
	{"decisionsPerSecond", "lines", "refusals of one reason in the decision log each second, for the whole process"},
	{"maxLogField", "bytes", "foreign text in one field of a log line"},
	{"idleTime", "time", "until what no router uses any more is dropped"},
}

func writeLimits(s *Source) (string, error) {
	var b strings.Builder
	b.WriteString("| limit | of |\n|---|---|\n")
	for _, l := range limits {
		value, err := s.Constant(l.constant)
		if err != nil {
			return "", err
		}
		n, _ := constant.Int64Val(value)
		fmt.Fprintf(&b, "| %s | %s |\n", quantity(n, l.unit), l.of)
	}
	return strings.TrimSpace(b.String()), nil
}

// quantity writes a number with its unit.
func quantity(n int64, unit string) string {
	switch {
	case unit == "time":
		text := time.Duration(n).String()
		if strings.HasSuffix(text, "m0s") {
			text = strings.TrimSuffix(text, "0s")
		}
		if strings.HasSuffix(text, "h0m") {
			text = strings.TrimSuffix(text, "0m")
		}
		return text
	case unit == "bytes" && n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case unit == "bytes" && n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	case unit == "":
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d %s", n, unit)
}
