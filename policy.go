package authproxy

import (
	"fmt"
	"sort"
	"strings"
	"sync/atomic"
)

// ruleSource is a rule as written, with the place where it stands.
type ruleSource struct {
	where  string // "rules[2]", `roleMapping["/api"]` or `role_mapping.yaml:7`
	mapped bool   // an entry of a role mapping: its roles are all that it says
	config RuleConfig
}

// policyOptions are the parts of the configuration that shape a whole policy.
type policyOptions struct {
	authenticated bool // unmatched: authenticated
	fold          bool
}

// findings collects what is wrong with a configuration, so that all of it can be
// said at once. Warnings do not stop New.
type findings struct {
	problems []string
	warnings []string
}

func (f *findings) problem(where, format string, args ...interface{}) {
	f.problems = append(f.problems, where+": "+fmt.Sprintf(format, args...))
}

func (f *findings) warn(where, format string, args ...interface{}) {
	f.warnings = append(f.warnings, where+": "+fmt.Sprintf(format, args...))
}

// mappingSources turns a role mapping into rules, sorted by path so that messages
// come in the same order each time.
func mappingSources(key string, mapping map[string][]string) []ruleSource {
	paths := make([]string, 0, len(mapping))
	for path := range mapping {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	sources := make([]ruleSource, 0, len(mapping))
	for _, path := range paths {
		where := fmt.Sprintf("%s[%q]", key, path)
		sources = append(sources, mappedRule(where, path, mapping[path]))
	}
	return sources
}

// mappedRule is one entry of a role mapping: an empty list makes the path public.
func mappedRule(where, path string, roles []string) ruleSource {
	config := RuleConfig{Path: path, Roles: roles}
	if len(roles) == 0 {
		config.Roles = nil
		config.Public = true
	}
	return ruleSource{where: where, mapped: true, config: config}
}

// ruleSources turns the configuration's rules into sources.
func ruleSources(rules []RuleConfig) []ruleSource {
	sources := make([]ruleSource, 0, len(rules))
	for i, config := range rules {
		sources = append(sources, ruleSource{where: fmt.Sprintf("rules[%d]", i), config: config})
	}
	return sources
}

// policies counts the policies compiled.
var policies = &atomic.Int64{}

// compilePolicy checks rules and files them by path. Where found has a problem in
// the end, the policy must not be used.
func compilePolicy(sources []ruleSource, options policyOptions, found *findings) *policy {
	po := &policy{
		exact:     make(map[string][]*rule),
		prefix:    make(map[string][]*rule, len(sources)),
		unmatched: &rule{name: "unmatched", deny: !options.authenticated},
		fold:      options.fold,
		serial:    policies.Add(1),
	}
	trials := false
	for i := range sources {
		source := &sources[i]
		before := len(found.problems)
		var ru *rule
		if source.mapped {
			ru = compileMapped(source, found)
		} else {
			ru = compileRule(source, found)
			trials = trials || ru.shadow
		}
		if len(found.problems) == before {
			po.addRule(ru)
		}
	}
	checkTies(po.exact, found)
	checkTies(po.prefix, found)
	sortRules(po.exact)
	sortRules(po.prefix)
	po.fillPlain()
	lintRoles(sources, found)
	if trials {
		lintTrials(po, found)
	}
	return po
}

// compileMapped checks an entry of a role mapping, which says less than a rule:
// 10,000 of them shall not hold a reload up.
func compileMapped(source *ruleSource, found *findings) *rule {
	path := source.config.Path
	roles := source.config.Roles
	checkRulePath(source.where, path, found)
	if len(roles) > 0 {
		checkRoles(source.where, roles, true, found)
	}
	return &rule{name: path, source: source.where, path: path, public: len(roles) == 0, anyRole: roles}
}

// compileRule checks one rule. A problem names the rule's place, its field and its
// path, since Docker labels sort indices as text.
func compileRule(source *ruleSource, found *findings) *rule {
	c := &source.config
	ru := &rule{
		name:     c.Name,
		source:   source.where,
		path:     c.Path,
		public:   c.Public,
		anyRole:  c.Roles,
		allRoles: c.AllRoles,
		scopes:   c.Scopes,
	}
	if ru.name == "" {
		ru.name = c.Path
	}
	where := source.where
	pathKey := where + ".path"
	switch {
	case c.Name != "":
		where = fmt.Sprintf("%s (%q)", where, c.Name)
	case c.Path != "":
		where = fmt.Sprintf("%s (%q)", where, c.Path)
	}
	checkRulePath(pathKey, c.Path, found)

	switch c.Match {
	case "", "prefix":
	case "exact":
		ru.exact = true
	default:
		found.problem(where+".match", "want \"prefix\" or \"exact\", got %q", c.Match)
	}
	switch c.Mode {
	case "", "enforce":
	case "shadow":
		ru.shadow = true
	default:
		found.problem(where+".mode", "want \"enforce\" or \"shadow\", got %q", c.Mode)
	}
	ru.methods = compileMethods(where, c.Methods, found)
	checkRoles(where+".roles", c.Roles, false, found)
	checkRoles(where+".allRoles", c.AllRoles, false, found)
	checkRoles(where+".scopes", c.Scopes, false, found)
	ru.clientRoles = compileClientRoles(where, c.ClientRoles, found)

	conditions := len(c.Roles) + len(c.AllRoles) + len(c.Scopes) + len(c.ClientRoles)
	switch {
	case c.Public && (conditions > 0 || c.Authenticated):
		found.problem(where+".public", "a public rule can have no roles, scopes or authenticated: true")
	case !c.Public && !c.Authenticated && conditions == 0 && !emptyLists(c):
		found.problem(where, "want roles, allRoles, clientRoles, scopes, public: true or authenticated: true")
	}
	return ru
}

// emptyLists reports whether a rule has a list that was given and is empty, for
// which checkRoles has a message of its own.
func emptyLists(c *RuleConfig) bool {
	return c.Roles != nil || c.AllRoles != nil || c.Scopes != nil
}

func compileMethods(where string, names []string, found *findings) map[string]bool {
	if names == nil {
		return nil
	}
	if len(names) == 0 {
		found.problem(where+".methods", "the list is empty; leave it out for all methods")
		return nil
	}
	methods := make(map[string]bool, len(names))
	for i, method := range names {
		switch {
		case method == "" || strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_") != "":
			found.problem(fmt.Sprintf("%s.methods[%d]", where, i), "want a method in capital letters such as \"GET\", got %q", method)
		case methods[method]:
			found.warn(fmt.Sprintf("%s.methods[%d]", where, i), "%q is given twice", method)
		}
		methods[method] = true
	}
	return methods
}

func compileClientRoles(where string, byClient map[string][]string, found *findings) []clientRoles {
	clients := make([]string, 0, len(byClient))
	for client := range byClient {
		clients = append(clients, client)
	}
	sort.Strings(clients)
	var list []clientRoles
	for _, client := range clients {
		key := fmt.Sprintf("%s.clientRoles[%q]", where, client)
		if client == "" {
			found.problem(key, "want a client id")
		}
		if len(byClient[client]) == 0 {
			found.problem(key, "the list of roles is empty")
		}
		checkRoles(key, byClient[client], false, found)
		list = append(list, clientRoles{client: client, roles: byClient[client]})
	}
	return list
}

// checkRoles checks a list of role or scope names. In rules an empty list is an
// error; in a role mapping it means public and never comes here.
func checkRoles(where string, roles []string, mapped bool, found *findings) {
	if !mapped && roles != nil && len(roles) == 0 {
		found.problem(where, "the list is empty; for a public rule say public: true")
	}
	var folded map[string]string
	if len(roles) > 1 {
		folded = make(map[string]string, len(roles))
	}
	for i, role := range roles {
		trimmed := strings.TrimSpace(role)
		switch {
		case trimmed == "":
			found.problem(element(where, i), "want a role's name, got %q", role)
		case trimmed != role:
			found.warn(element(where, i), "%q begins or ends with a blank, and roles are compared exactly", role)
		case role == "public":
			found.warn(element(where, i), "\"public\" is taken as a role's name; a public path has an empty list in roleMapping, or public: true in rules")
		}
		if len(roles) == 1 {
			return
		}
		fold := strings.ToLower(trimmed)
		if known, ok := folded[fold]; ok {
			if known == role {
				found.warn(element(where, i), "%q is given twice", role)
			} else {
				found.warn(element(where, i), "%q differs from %q only in case or blanks, and roles are compared exactly", role, known)
			}
		}
		folded[fold] = role
	}
}

// element is the key of a list's element in a message.
func element(where string, i int) string {
	return fmt.Sprintf("%s[%d]", where, i)
}

// plainRuleBytes are the bytes of a path that nothing can be wrong with.
const plainRuleBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_~/@:+,"

// checkRulePath refuses paths that no request can match, with the right spelling
// where there is one.
func checkRulePath(where, path string, found *findings) {
	if strings.HasPrefix(path, "/") && strings.Trim(path, plainRuleBytes) == "" && !strings.Contains(path, "//") {
		return // nearly all; with 10,000 rules the tests below would count
	}
	shown := fmt.Sprintf("got %q", path)
	switch {
	case !strings.HasPrefix(path, "/"):
		found.problem(where, "must start with \"/\", %s", shown)
	case strings.Contains(path, "*"):
		found.problem(where, "a prefix needs no pattern: write %q, %s", strings.TrimRight(path[:strings.IndexByte(path, '*')], "/")+"/", shown)
	case strings.ContainsAny(path, "[]{}|^") || strings.Contains(path, "(?") || strings.Contains(path, ".+") || strings.HasSuffix(path, "$"):
		found.problem(where, "want a plain path, not a pattern or a template, %s", shown)
	case strings.ContainsAny(path, "?#"):
		found.problem(where, "want a path without query and fragment, %s", shown)
	case strings.Contains(path, "%"):
		found.problem(where, "want the path decoded, such as \"/a b\" for \"/a%%20b\", %s", shown)
	case strings.Contains(path, "\\"):
		found.problem(where, "want \"/\" instead of \"\\\\\", %s", shown)
	case strings.Contains(path, ";"):
		found.problem(where, "want a path without \";\" parameters, %s", shown)
	case strings.Contains(path, "//"):
		found.problem(where, "no request matches \"//\": write %q, %s", slashes.ReplaceAllString(path, "/"), shown)
	case removeDotSegments(path) != path:
		found.problem(where, "no request matches \".\" and \"..\" segments: write %q, %s", removeDotSegments(path), shown)
	case strings.ContainsAny(path, "\x00\t\r\n\x7f"):
		found.problem(where, "want a path without control characters, %s", shown)
	default:
		// What else has more than one reading can be matched, but seldom as meant.
		if trailingDots.ReplaceAllString(path, "$1$2") != path {
			found.warn(where, "a segment ends with a dot or a blank; requests must also be allowed without it, %s", shown)
		}
	}
}

// checkTies refuses two rules for the same requests that disagree.
func checkTies(table map[string][]*rule, found *findings) {
	for _, list := range table {
		for i, a := range list {
			for _, b := range list[:i] {
				if a == b || a.shadow != b.shadow || !overlap(a, b) {
					continue
				}
				if sameDemands(a, b) {
					found.warn(a.source, "the path %q is given twice; also at %s", a.path, b.source)
				} else {
					found.problem(a.source, "the path %q is given twice with different demands; also at %s (%q)", a.path, b.source, b.path)
				}
			}
		}
	}
	sort.Strings(found.problems)
}

// overlap reports whether two rules of one path may both be for a request and
// neither is more specific.
func overlap(a, b *rule) bool {
	if a.methods == nil || b.methods == nil {
		return a.methods == nil && b.methods == nil
	}
	for method := range a.methods {
		if b.methods[method] {
			return true
		}
	}
	return false
}

func sameDemands(a, b *rule) bool {
	return demands(a) == demands(b)
}

// demands spells out what a rule asks for, independent of the order of its lists.
func demands(ru *rule) string {
	if ru.public {
		return "public"
	}
	clients := make([]string, 0, len(ru.clientRoles))
	for _, cr := range ru.clientRoles {
		clients = append(clients, fmt.Sprintf("%q%q", cr.client, sorted(cr.roles)))
	}
	return fmt.Sprintf("%q %q %q %q", sorted(ru.anyRole), sorted(ru.allRoles), sorted(ru.scopes), clients)
}

func sorted(list []string) []string {
	out := append([]string{}, list...)
	sort.Strings(out)
	return out
}

// lintPrefixes warns of a public prefix with protected paths beneath it: right
// where it is meant, and easily not meant.
func lintPrefixes(po *policy, found *findings) {
	public := map[string]*rule{} // what makes a prefix public for every method
	for key, list := range po.prefix {
		for _, ru := range list {
			if ru.public && ru.methods == nil && !ru.shadow {
				public[key] = ru
			}
		}
	}
	var keys []string
	if len(public) > 0 {
		keys = po.sortedKeys()
	}
	for key, above := range public {
		// In the order of bytes, what lies beneath "/a" stands between "/a/" and "/a0".
		from := sort.SearchStrings(keys, key+"/")
		to := sort.SearchStrings(keys, key+"0")
		beneath := appendProtected(nil, po.exact[key])
		for _, k := range keys[from:to] {
			beneath = appendProtected(beneath, po.prefix[k])
			if k == "/" || !strings.HasSuffix(k, "/") { // else its short spelling is there too
				beneath = appendProtected(beneath, po.exact[k])
			}
		}
		switch len(beneath) {
		case 0:
		case 1:
			found.warn(above.source, "the public path %q lies above the protected path %q (%s); all else beneath it is public", above.path, beneath[0].path, beneath[0].source)
		default:
			found.warn(above.source, "the public path %q lies above %d protected paths, such as %q (%s); all else beneath it is public", above.path, len(beneath), beneath[0].path, beneath[0].source)
		}
	}
	sort.Strings(found.warnings)
}

// sortedKeys lists the paths that have rules.
func (po *policy) sortedKeys() []string {
	keys := make([]string, 0, len(po.prefix)+len(po.exact))
	for key := range po.prefix {
		keys = append(keys, key)
	}
	for key := range po.exact {
		if po.prefix[key] == nil {
			keys = append(keys, key)
		}
	}
	sort.Strings(keys)
	return keys
}

// appendProtected appends the rules that are not public.
func appendProtected(list, rules []*rule) []*rule {
	for _, ru := range rules {
		if !ru.public {
			list = append(list, ru)
		}
	}
	return list
}

// lintRoles warns of roles that are spelt in two ways across rules; checkRoles does
// it within one.
func lintRoles(sources []ruleSource, found *findings) {
	first := map[string]int{}    // the source of a role as written
	spelt := map[string]string{} // a role as written by its folded form
	for i := range sources {
		source := &sources[i]
		roles := source.config.Roles
		if len(source.config.AllRoles) > 0 {
			roles = append(append([]string{}, roles...), source.config.AllRoles...)
		}
		for _, role := range roles {
			_, known := first[role]
			if known {
				continue
			}
			first[role] = i
			fold := strings.ToLower(strings.TrimSpace(role))
			other, twin := spelt[fold]
			if !twin {
				spelt[fold] = role
				continue
			}
			if first[other] != i {
				found.warn(source.where, "the role %q differs from %q (%s) only in case or blanks, and roles are compared exactly", role, other, sources[first[other]].where)
			}
		}
	}
}

// lintTrials warns of rules on trial that have no enforced rule beneath them: they
// open what was refused before.
func lintTrials(po *policy, found *findings) {
	for key, list := range po.prefix {
		lintTrialsAt(po, key+"/\x00", list, found) // a path beneath it that no rule can name
	}
	for key, list := range po.exact {
		if key == "/" || !strings.HasSuffix(key, "/") {
			lintTrialsAt(po, key, list, found)
		}
	}
}

func lintTrialsAt(po *policy, reading string, list []*rule, found *findings) {
	for _, ru := range list {
		if !ru.shadow {
			continue
		}
		candidates := [][]*rule{po.candidates(reading)}
		opens := ru.methods == nil && chooseRules(candidates, "").enforced[0] == openWhereTried
		for method := range ru.methods {
			opens = opens || chooseRules(candidates, method).enforced[0] == openWhereTried
		}
		if opens {
			found.warn(ru.source, "the rule for %q is on trial and no enforced rule lies beneath it: its requests pass without a token", ru.path)
		}
	}
}
