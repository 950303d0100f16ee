package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the answers in the transcripts")

// published is how people run the command who have not built it.
const published = "go run github.com/labs64/traefik-authproxy/cmd/authproxy@latest"

// publicAddress is where the issuer is in the transcripts; the test's is elsewhere.
const publicAddress = "http://localhost:8080"

// TestTranscripts runs every command that the documentation and the transcripts in
// testdata show, and compares what they print. A fenced block after a line such as
// "`cases.yaml`:" is that file.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.md")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	is := newIssuer(t)
	for _, file := range append(files, "../../docs/command.md") {
		file, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(file), func(t *testing.T) { runTranscript(t, is, file) })
	}
}

func runTranscript(t *testing.T, is *issuer, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	inFolder(t, t.TempDir())
	is.writeTokens(t)
	for _, block := range fileBlocks.FindAllStringSubmatch(string(text), -1) {
		writeFile(t, block[1], block[2])
	}
	var out []string
	var block []string
	kind := ""
	commands := 0
	for _, line := range strings.Split(string(text), "\n") {
		fence := strings.HasPrefix(line, "```")
		switch {
		case kind == "" && fence:
			kind = "```" + strings.TrimPrefix(line, "```")
			block = nil
			out = append(out, line)
			continue
		case kind == "":
			out = append(out, line)
			continue
		case !fence:
			block = append(block, line)
			continue
		}
		if kind == "```console" {
			var ran int
			block, ran = answers(t, is, block)
			commands += ran
		}
		for _, step := range block {
			if run := workflowStep.FindStringSubmatch(step); run != nil {
				commands++
				if answer, status := ask(t, is, run[1]); status != exitFine {
					t.Errorf("%s: status %d\n%s", run[1], status, answer)
				}
			}
		}
		out = append(append(out, block...), line)
		kind = ""
	}
	if commands == 0 {
		t.Error("no commands in it")
	}
	got := strings.Join(out, "\n")
	if got == string(text) {
		return
	}
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want := strings.Split(string(text), "\n")
	for i, line := range out {
		if i >= len(want) || line != want[i] {
			t.Fatalf("%s:%d: got\n%s\nwant\n%s\n(go test ./cmd/authproxy -update rewrites it)", file, i+1, excerpt(out, i), excerpt(want, i))
		}
	}
}

var (
	fileBlocks   = regexp.MustCompile("(?ms)`([A-Za-z0-9_.-]+)`:\n\n```[a-z]+\n(.*?)^```$")
	workflowStep = regexp.MustCompile(`^ *- run: (.*)$`)
)

func excerpt(lines []string, from int) string {
	to := from + 8
	if to > len(lines) {
		to = len(lines)
	}
	if from > to {
		from = to
	}
	return strings.Join(lines[from:to], "\n")
}

// answers is a console block with the answers that its commands give now.
func answers(t *testing.T, is *issuer, block []string) ([]string, int) {
	var out []string
	status, commands := 0, 0
	for _, line := range block {
		prompt, found := strings.CutPrefix(line, "$ ")
		if !found {
			continue
		}
		out = append(out, line)
		if prompt == "echo $?" {
			out = append(out, strconv.Itoa(status))
			continue
		}
		commands++
		var answer string
		answer, status = ask(t, is, prompt)
		if answer != "" {
			out = append(out, strings.Split(strings.TrimSuffix(answer, "\n"), "\n")...)
		}
	}
	return out, commands
}

// ask runs one command line: quotes, < and > are all of a shell that it knows.
func ask(t *testing.T, is *issuer, line string) (string, int) {
	t.Helper()
	text := strings.TrimPrefix(line, published)
	if text == line {
		text = strings.TrimPrefix(line, "authproxy")
	}
	if text == line {
		t.Fatalf("%q is no command of ours", line)
	}
	var args []string
	var in, answer bytes.Buffer
	var target string
	words := shellWords(strings.ReplaceAll(text, publicAddress, is.server.URL))
	for i := 0; i < len(words); i++ {
		switch words[i] {
		case "<":
			i++
			content, err := os.ReadFile(words[i])
			if err != nil {
				t.Fatal(err)
			}
			in.Write(content)
		case ">":
			i++
			target = words[i]
		default:
			args = append(args, words[i])
		}
	}
	c := &command{in: &in, out: &answer, err: &answer}
	status := c.run(args)
	if target != "" {
		writeFile(t, target, answer.String())
		answer.Reset()
	}
	return strings.ReplaceAll(answer.String(), is.server.URL, publicAddress), status
}

// shellWords splits a line at blanks outside of single quotes.
func shellWords(line string) []string {
	var words []string
	var word strings.Builder
	quoted, started := false, false
	for _, r := range line {
		switch {
		case r == '\'':
			quoted = !quoted
			started = true
		case r == ' ' && !quoted:
			if started {
				words = append(words, word.String())
			}
			word.Reset()
			started = false
		default:
			word.WriteRune(r)
			started = true
		}
	}
	if started {
		words = append(words, word.String())
	}
	return words
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// inFolder changes into a folder for the length of a test.
func inFolder(t *testing.T, folder string) {
	t.Helper()
	before, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chdir(folder); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Chdir(before); err != nil {
			t.Error(err)
		}
	})
}
