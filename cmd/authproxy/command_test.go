package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestMain lets the test's own binary be the command, for what only a process has.
func TestMain(m *testing.M) {
	if os.Getenv("AUTHPROXY_COMMAND") == "run" {
		main()
	}
	os.Exit(m.Run())
}

func TestProcess(t *testing.T) {
	inFolder(t, t.TempDir())
	writeFile(t, "policy.yaml", "/a: [x]\n")
	rows := []struct {
		phrase string
		args   []string
		in     string
		status int
		out    string
		err    string
	}{
		{"all is well", []string{"lint", "policy.yaml"}, "", 0, "policy.yaml: 1 rule, nothing to tell\n", ""},
		{"a refused request", []string{"explain", "policy.yaml", "GET", "/b", "--json"}, "", 1, "{\n", ""},
		{"wrong usage", []string{"lint"}, "", 2, "", "authproxy lint: want FILE"},
		{"a token that is none", []string{"token"}, "garbage", 1, "", ""},
		{"an issuer that is not there", []string{"token", "--issuer", "http://127.0.0.1:1/realms/x"}, "a.b.c", 2, "", "authproxy token: discovery: "},
	}
	for _, row := range rows {
		cmd := exec.Command(os.Args[0], row.args...)
		cmd.Env = append(os.Environ(), "AUTHPROXY_COMMAND=run")
		cmd.Stdin = strings.NewReader(row.in)
		var out, errors bytes.Buffer
		cmd.Stdout = &out
		cmd.Stderr = &errors
		_ = cmd.Run() // the status says it all
		if got := cmd.ProcessState.ExitCode(); got != row.status {
			t.Errorf("%s: status %d, want %d\n%s%s", row.phrase, got, row.status, &out, &errors)
		}
		if !strings.HasPrefix(out.String(), row.out) || row.status == 2 && out.Len() > 0 {
			t.Errorf("%s: printed %q, want %q", row.phrase, &out, row.out)
		}
		if !strings.HasPrefix(errors.String(), row.err) || row.status < 2 && errors.Len() > 0 {
			t.Errorf("%s: complained %q, want %q", row.phrase, &errors, row.err)
		}
	}
}

// say runs a command line without a shell.
func say(in string, colour bool, args ...string) (string, string, int) {
	var out, err bytes.Buffer
	c := &command{in: strings.NewReader(in), out: &out, err: &err, colour: colour}
	status := c.run(args)
	return out.String(), err.String(), status
}

func TestJSONEverywhere(t *testing.T) {
	is := newIssuer(t)
	inFolder(t, t.TempDir())
	writeFile(t, "policy.yaml", "/a: [x]\n")
	writeFile(t, "broken.yaml", "/*: [x]\n")
	writeFile(t, "cases.yaml", "- {path: /a, expect: deny}\n")
	for _, args := range [][]string{
		{"lint", "policy.yaml"}, {"lint", "broken.yaml"}, {"explain", "policy.yaml", "GET", "/a"},
		{"matrix", "policy.yaml"}, {"test", "policy.yaml", "cases.yaml"}, {"token"},
	} {
		out, errors, status := say(is.token(t, nil), true, append(args, "--json")...)
		var document map[string]any
		if err := json.Unmarshal([]byte(out), &document); err != nil || errors != "" || status == exitNoReply {
			t.Errorf("%q: status %d, %v in %q, and on the side %q", args, status, err, out, errors)
		}
		if strings.Contains(out, "\x1b") {
			t.Errorf("%q: colours in JSON", args)
		}
	}
}

func TestColours(t *testing.T) {
	inFolder(t, t.TempDir())
	writeFile(t, "policy.yaml", "/a: [x]\n/b: []\n")
	coloured, _, _ := say("", true, "matrix", "policy.yaml")
	plainly, _, _ := say("", false, "matrix", "policy.yaml")
	if !strings.Contains(coloured, "\x1b[32myes\x1b[0m") || strings.Contains(plainly, "\x1b") {
		t.Errorf("got %q and %q", coloured, plainly)
	}
	if stripped := regexp.MustCompile("\x1b\\[[0-9]*m").ReplaceAllString(coloured, ""); stripped != plainly {
		t.Errorf("colours change the columns:\n%s\n%s", stripped, plainly)
	}

	// The null device is a character device, as a terminal is.
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	file, err := os.Create("out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	env := func(name, value string) func(string) string {
		return func(asked string) string {
			if asked == name {
				return value
			}
			return ""
		}
	}
	if !wantsColour(device, env("TERM", "xterm")) {
		t.Error("no colours on a terminal")
	}
	if wantsColour(device, env("NO_COLOR", "1")) || wantsColour(device, env("TERM", "dumb")) || wantsColour(file, env("TERM", "xterm")) {
		t.Error("colours where there should be none")
	}
}

// TestForeignText: what comes from a token or a path cannot steer the terminal.
func TestForeignText(t *testing.T) {
	is := newIssuer(t)
	inFolder(t, t.TempDir())
	writeFile(t, "policy.yaml", "/: [\"x\\e[31m\"]\n")
	evil := "\x1b[2J\u009b2J\u202e"
	text := is.token(t, map[string]any{
		"sub": evil, "scope": evil, "azp": evil, evil: evil, "exp": evil,
		"realm_access": map[string]any{"roles": []string{evil, "a,b", " c"}},
	})
	good := is.token(t, map[string]any{"sub": evil, "realm_access": map[string]any{"roles": []string{evil, "a,b", " c"}}})
	head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"\u001b[2J","kid":"\u009b2J"}`))
	writeFile(t, "good.txt", good)
	for _, row := range []struct {
		in   string
		args []string
		want string
	}{
		{text, []string{"token"}, `\u001b[2J`},
		{good, []string{"token"}, `"\x1b[2J\u009b2J\u202e", " c", "a,b"`},
		{head + text[strings.Index(text, "."):], []string{"token"}, `alg "\u001b[2J"`},
		{"", []string{"explain", "policy.yaml", "GET", "/" + evil}, `\x1b[2J`},
		{"", []string{"explain", "policy.yaml", "GET", "/a", "--token", "good.txt"}, `\x1b[2J`},
		{"", []string{"matrix", "policy.yaml"}, `"x\x1b[31m"`},
		{"", []string{"lint", "missing\x1b[2J"}, ""},
	} {
		out, errors, _ := say(row.in, false, row.args...)
		if !strings.Contains(out, row.want) {
			t.Errorf("%q: want %q in\n%s%s", row.args, row.want, out, errors)
		}
		if strings.ContainsAny(out+errors, "\x1b\u009b\u202e") {
			t.Errorf("%q: foreign text as it came: %q", row.args, out+errors)
		}
	}
	if out, _, _ := say(good, false, "token"); strings.Contains(out, good[strings.LastIndex(good, ".")+1:]) {
		t.Error("the signature is printed, so the token can be used")
	}
}

// TestReasonWords: every word of the middleware's list has a sentence here.
func TestReasonWords(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			word, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			words[word] = true
		}
		return true
	})
	if len(words) < 20 {
		t.Fatalf("found only %d words", len(words))
	}
	for word := range words {
		if meanings[word] == "" {
			t.Errorf("%s has no sentence", word)
		}
	}
	for word := range meanings {
		if !words[word] {
			t.Errorf("%s is no reason any more", word)
		}
	}
}

// TestHelp: every flag is taught, every command shown.
func TestHelp(t *testing.T) {
	flagCall := regexp.MustCompile(`f\.(?:Bool|String|BoolVar|StringVar|Var)\([^"]*"([a-z-]+)"`)
	for _, sub := range subcommands {
		if !strings.Contains(help, "authproxy "+sub.name+" ") {
			t.Errorf("%s is not in the help", sub.name)
		}
		name := sub.name + ".go"
		if sub.name == "test" {
			name = "cases.go"
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		calls := flagCall.FindAllStringSubmatch(string(source), -1)
		if len(calls) == 0 {
			t.Errorf("%s: no flags found", name)
		}
		for _, call := range append(calls, []string{"", "json"}, []string{"", "audience"}, []string{"", "counted-clients"}) {
			dashes := "--"
			if len(call[1]) == 1 {
				dashes = "-"
			}
			if !strings.Contains(sub.help, "  "+dashes+call[1]) {
				t.Errorf("authproxy %s --help says nothing of %s%s", sub.name, dashes, call[1])
			}
		}
		for _, asked := range [][]string{{sub.name, "--help"}, {sub.name, "x", "-h"}, {"help", sub.name}} {
			out, errors, status := say("", false, asked...)
			if out != sub.help || errors != "" || status != exitFine {
				t.Errorf("%q: status %d, %q", asked, status, errors)
			}
		}
		for _, line := range strings.Split(sub.help, "\n") {
			if len(line) > 90 {
				t.Errorf("%s: too long for a terminal: %q", sub.name, line)
			}
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("no room") }

// TestNoRoom: a report that cannot be written is no success.
func TestNoRoom(t *testing.T) {
	inFolder(t, t.TempDir())
	writeFile(t, "policy.yaml", "/a: [x]\n")
	for _, args := range [][]string{{"lint", "policy.yaml"}, {"lint", "policy.yaml", "--json"}, {"matrix", "policy.yaml"}, {"matrix", "policy.yaml", "--format", "html"}} {
		var complaint bytes.Buffer
		c := &command{in: strings.NewReader(""), out: brokenWriter{}, err: &complaint}
		if status := c.run(args); status != exitNoReply || !strings.Contains(complaint.String(), "no room") {
			t.Errorf("%q: status %d, %q", args, status, &complaint)
		}
	}
}
