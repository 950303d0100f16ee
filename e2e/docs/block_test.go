package docs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mitchellh/mapstructure"
	"github.com/traefik/paerser/file"
	"github.com/traefik/paerser/parser"
	"go.yaml.in/yaml/v3"

	authproxy "github.com/labs64/traefik-authproxy"
	"github.com/labs64/traefik-authproxy/e2e/backend"
	"github.com/labs64/traefik-authproxy/e2e/host"
	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// TestEveryBlockIsHeldToItsWord: each block of a configuration or of commands
// has a mark, and is what the mark says.
func TestEveryBlockIsHeldToItsWord(t *testing.T) {
	blocks, err := AllBlocks(root(t))
	if err != nil {
		t.Fatal(err)
	}
	c := newChecker(t)
	count := map[string]int{}
	for _, b := range blocks {
		count[b.Mark]++
		if err := c.check(b); err != nil {
			t.Errorf("%s: %v", b, err)
		}
	}
	for _, mark := range []string{"file", "part of", "config", "refused", "mapping", "static", "run by"} {
		if count[mark] == 0 {
			t.Errorf("no block is marked %q", mark)
		}
	}
	t.Logf("blocks by mark: %v", count)
}

// checker holds what checks of blocks need.
type checker struct {
	root, dir string          // the checkout; a folder with files that configurations name
	tests     map[string]bool // names of test functions
	targets   map[string]bool // of the Makefile
}

func newChecker(t *testing.T) *checker {
	t.Helper()
	c := &checker{root: root(t), dir: t.TempDir(), tests: map[string]bool{}, targets: map[string]bool{}}
	ca, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"role_mapping.yaml": read(t, "examples/file/role_mapping.yaml"),
		"ca.pem":            ca,
	} {
		if err := os.WriteFile(filepath.Join(c.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	function := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err = filepath.WalkDir(c.root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range function.FindAllStringSubmatch(string(text), -1) {
			c.tests[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^([a-z][a-z-]*):`).FindAllStringSubmatch(read(t, "Makefile"), -1) {
		c.targets[m[1]] = true
	}
	return c
}

// authority is a certificate in PEM.
func authority() (string, error) {
	iss, err := issuer.Start(issuer.Options{TLS: true})
	if err != nil {
		return "", err
	}
	defer iss.Close()
	pem, err := os.ReadFile(iss.CAFile)
	return string(pem), err
}

var makeTarget = regexp.MustCompile(`\bmake ([a-z][a-z-]*)`)

// check reports what is wrong with a block.
func (c *checker) check(b Block) error {
	switch b.Mark {
	case "":
		if b.File == "docs/command.md" {
			return nil // a transcript that the command's own tests replay
		}
		if slices.Contains([]string{"yaml", "yml", "toml", "json", "console", "sh", "bash"}, b.Language) {
			return fmt.Errorf("a block of %s that nothing holds to its word: it needs a mark", b.Language)
		}
		return nil
	case "file", "part of":
		text, err := os.ReadFile(filepath.Join(c.root, b.Detail))
		if err != nil {
			return err
		}
		if b.Mark == "file" && b.Text != string(text) {
			return fmt.Errorf("it is not the text of %s", b.Detail)
		}
		if !b.IsPartOf(string(text)) {
			return fmt.Errorf("it is no part of %s", b.Detail)
		}
		if strings.Contains(b.Text, "authproxy:") && !strings.Contains(b.Text, "lugins:") {
			return c.accepted(b)
		}
		return nil
	case "config":
		return c.accepted(b)
	case "refused":
		err := c.accepted(b)
		if err == nil || err.Error() != b.Detail {
			return fmt.Errorf("want it refused with %q, got %v", b.Detail, err)
		}
		return nil
	case "mapping":
		path := filepath.Join(c.dir, "block.yaml")
		if err := os.WriteFile(path, []byte(b.Text), 0o600); err != nil {
			return err
		}
		defer os.Remove(path)
		return c.made(map[string]any{"issuer": "https://auth.example.com", "audience": "x", "roleMappingFile": path})
	case "static":
		return nil // TestInstall starts from it
	case "decision line":
		return nil // TestDocumentedDecisionLines
	case "run by":
		if target, ok := strings.CutPrefix(b.Detail, "make "); ok && !c.targets[target] {
			return fmt.Errorf("the Makefile has no target %q", target)
		} else if !ok && !c.tests[b.Detail] {
			return fmt.Errorf("there is no test %s", b.Detail)
		}
		return c.targetsExist(b)
	case "try.sh":
		script, err := os.ReadFile(filepath.Join(c.root, filepath.Dir(b.File), "try.sh"))
		if err == nil && !strings.Contains(string(script), "block "+b.Detail) {
			err = fmt.Errorf("try.sh does not take the block %q", b.Detail)
		}
		return err
	case "not run":
		if b.Detail == "" {
			return fmt.Errorf("it does not say why nothing runs it")
		}
		return c.targetsExist(b)
	}
	return fmt.Errorf("the mark %q is unknown", b.Mark)
}

func (c *checker) targetsExist(b Block) error {
	for _, m := range makeTarget.FindAllStringSubmatch(b.Text, -1) {
		if !c.targets[m[1]] {
			return fmt.Errorf("the Makefile has no target %q", m[1])
		}
	}
	return nil
}

// accepted reports what New says of the plugin's configuration in a block.
func (c *checker) accepted(b Block) error {
	config, whole, err := pluginConfig(b)
	if err != nil {
		return err
	}
	if !whole {
		lay(config)
	}
	return c.made(config)
}

// lay lays a block's keys over what a configuration needs at least.
func lay(config map[string]any) {
	absent := func(keys ...string) bool {
		for _, key := range keys {
			if _, ok := config[key]; ok {
				return false
			}
		}
		return true
	}
	if absent("issuer", "keycloakUrl") {
		config["issuer"] = "https://auth.example.com/realms/shop"
	}
	if absent("audience", "skipAudienceCheck") {
		config["audience"] = "shop-api"
	}
	if absent("roleMapping", "roleMappingFile", "rules", "unmatched") {
		config["roleMapping"] = map[string]any{"/api": []any{"user"}}
	}
}

// made makes a middleware of a configuration. A key that the plugin does not
// have, which Traefik would drop, is an error.
func (c *checker) made(config map[string]any) error {
	for _, key := range []string{"roleMappingFile", "caFile", "preloadFile"} {
		if path, ok := config[key].(string); ok {
			config[key] = filepath.Join(c.dir, filepath.Base(path))
		}
	}
	text, err := yaml.Marshal(map[string]any{"plugin": map[string]any{"authproxy": config}})
	if err != nil {
		return err
	}
	decoded, err := host.Config(string(text))
	if err != nil {
		return err
	}
	strict, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		DecodeHook: mapstructure.StringToSliceHookFunc(","), WeaklyTypedInput: true, ErrorUnused: true, Result: authproxy.CreateConfig(),
	})
	if err != nil {
		return err
	}
	if err := strict.Decode(decoded); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err = host.Compiled().New(ctx, &backend.Echo{}, decoded, "auth@docs")
	return err
}

// pluginConfig finds the plugin's configuration in a block: under
// plugin.authproxy at any depth, else the whole block. whole is true where the
// block is a complete middleware rather than some keys of one.
func pluginConfig(b Block) (config map[string]any, whole bool, err error) {
	var document map[string]any
	switch {
	case b.Language == "toml":
		var dynamic traefikDynamic
		if err := file.DecodeContent(b.Text, ".toml", &dynamic); err != nil {
			return nil, false, err
		}
		document, err = asDocument(dynamic)
	case strings.HasPrefix(b.Text, "labels:"):
		document, err = labelled(b.Text)
	default:
		err = yaml.Unmarshal([]byte(b.Text), &document)
	}
	if err != nil {
		return nil, false, err
	}
	if found := underPlugin(document); found != nil {
		return found, true, nil
	}
	return document, false, nil
}

// traefikDynamic is what of Traefik's dynamic configuration holds middlewares.
type traefikDynamic struct {
	HTTP struct {
		Middlewares map[string]struct {
			Plugin map[string]map[string]any
		}
	}
}

// asDocument turns a decoded configuration back into maps.
func asDocument(dynamic traefikDynamic) (map[string]any, error) {
	text, err := yaml.Marshal(dynamic)
	if err != nil {
		return nil, err
	}
	var document map[string]any
	err = yaml.Unmarshal(text, &document)
	return document, err
}

// labelled reads Docker labels as Traefik does.
func labelled(text string) (map[string]any, error) {
	var list struct{ Labels []string }
	if err := yaml.Unmarshal([]byte(text), &list); err != nil {
		return nil, err
	}
	labels := map[string]string{}
	for _, label := range list.Labels {
		name, value, _ := strings.Cut(label, "=")
		labels[name] = value
	}
	var dynamic traefikDynamic
	if err := parser.Decode(labels, &dynamic, "traefik", "traefik.http"); err != nil {
		return nil, err
	}
	return asDocument(dynamic)
}

// underPlugin looks for plugin.authproxy at any depth.
func underPlugin(document map[string]any) map[string]any {
	if plugin, ok := document["plugin"].(map[string]any); ok {
		if config, ok := plugin["authproxy"].(map[string]any); ok {
			return config
		}
	}
	for _, value := range document {
		if section, ok := value.(map[string]any); ok {
			if config := underPlugin(section); config != nil {
				return config
			}
		}
	}
	return nil
}

// TestBlocksThatLie: the checks find what they are for.
func TestBlocksThatLie(t *testing.T) {
	c := newChecker(t)
	for _, row := range []struct {
		phrase, mark, detail, language, text string
	}{
		{"no mark", "", "", "yaml", "a: b\n"},
		{"an unknown mark", "fil", "LICENSE", "yaml", "a: b\n"},
		{"another text than the file's", "file", "LICENSE", "", "MIT\n"},
		{"a file that is not there", "file", "LICENCE", "", "MIT\n"},
		{"no part of the file", "part of", ".traefik.yml", "yaml", "roleMapping:\n  /api/v1/admin:\n    - auditflow-role\n"},
		{"an unknown key", "config", "", "yaml", "audiences: x\n"},
		{"an unknown key of a rule", "config", "", "yaml", "rules:\n  - path: /a\n    role: [x]\n    public: true\n"},
		{"a configuration that is wrong", "config", "", "yaml", "leeway: ten\n"},
		{"a label that is wrong", "config", "", "yaml", "labels:\n  - traefik.http.middlewares.a.plugin.authproxy.issuer=x\n"},
		{"a mapping that is wrong", "mapping", "", "yaml", "/api: admin\n"},
		{"accepted where it should be refused", "refused", "leeway", "yaml", "leeway: 5s\n"},
		{"a test that is not there", "run by", "TestNoSuchThing", "console", "x\n"},
		{"a target that is not there", "run by", "make nothing", "console", "x\n"},
		{"a command's target that is not there", "not run", "why", "console", "make nothing\n"},
		{"no word why", "not run", "", "console", "x\n"},
		{"no script beside the page", "try.sh", "first", "sh", "x\n"},
	} {
		b := Block{File: "x.md", Line: 1, Mark: row.mark, Detail: row.detail, Language: row.language, Text: row.text}
		if c.check(b) == nil {
			t.Errorf("%s: nothing found", row.phrase)
		}
	}
}

func TestBlocks(t *testing.T) {
	blocks, err := Blocks("x.md", "text\n\n<!-- part of: a/b.yml -->\n```yaml\na:\n  b: c\n```\n\n1. item\n\n   <!-- config -->\n   ```yaml\n   x: y\n   ```\n```\nplain\n```\n")
	if err != nil || len(blocks) != 3 {
		t.Fatalf("%v, %v", blocks, err)
	}
	want := []Block{
		{File: "x.md", Line: 4, Language: "yaml", Text: "a:\n  b: c\n", Mark: "part of", Detail: "a/b.yml"},
		{File: "x.md", Line: 12, Language: "yaml", Text: "x: y\n", Mark: "config"},
		{File: "x.md", Line: 15, Text: "plain\n"},
	}
	for i, b := range blocks {
		if b != want[i] {
			t.Errorf("got %+v, want %+v", b, want[i])
		}
	}
	if !blocks[0].IsPartOf("z:\n    a:\n      b: c\nq: 1\n") || blocks[0].IsPartOf("z:\n    a:\n      b: d\n") || blocks[0].IsPartOf("a:\nb: c\n") {
		t.Error("IsPartOf")
	}
	if _, err := Blocks("x.md", "```yaml\na: b\n"); err == nil {
		t.Error("a block without an end: no error")
	}
}
