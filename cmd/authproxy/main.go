// Command authproxy is for people who keep policies for the authproxy middleware:
// it checks a role mapping file, explains what becomes of a request, shows who may
// go where, runs a policy's own test cases, and says what would be refused about a
// token. It decides with the middleware's own code.
//
// The exit status is 0 where all is well, 1 where something was found (an error in
// the file, a refused request, a failed case, a refused token), and 2 where the
// question could not be answered: wrong usage, a file that cannot be read or is
// broken, keys that cannot be had.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

const (
	exitFine    = 0
	exitFound   = 1
	exitNoReply = 2
)

// command is one run of the program.
type command struct {
	in       io.Reader
	out, err io.Writer
	colour   bool
}

// subcommand is what the program can be asked for.
type subcommand struct {
	name string
	help string
	run  func(c *command, args []string) (int, error)
}

var subcommands = []subcommand{
	{"lint", lintHelp, (*command).lint},
	{"explain", explainHelp, (*command).explain},
	{"matrix", matrixHelp, (*command).matrix},
	{"test", testHelp, (*command).test},
	{"token", tokenHelp, (*command).token},
}

const help = `authproxy checks, explains and tests the policies of the authproxy middleware.
It decides with the middleware's own code.

  authproxy lint FILE                  is the file sound, and does it mean what it says?
  authproxy explain FILE METHOD PATH   what becomes of a request, and why
  authproxy matrix FILE                who may go where: a table of roles and paths
  authproxy test FILE CASES.yaml       run a policy's own test cases
  authproxy token < TOKEN              what would be refused about a token, and why

FILE is a role mapping: a YAML map of path prefixes to roles, or {rules: [...]}.

  authproxy COMMAND --help   teaches the command with examples
  --json                     with every command: one JSON document instead of text
  NO_COLOR=1                 no colours; there are none anyway but on a terminal

Exit status: 0 all is well; 1 something was found: an error in the file, a refused
request, a failed case, a refused token; 2 there is no answer: wrong usage, a file
that cannot be read or is broken, keys that cannot be had.
`

func main() {
	c := &command{in: os.Stdin, out: os.Stdout, err: os.Stderr, colour: wantsColour(os.Stdout, os.Getenv)}
	os.Exit(c.run(os.Args[1:]))
}

// errHelp says that help was asked for.
var errHelp = errors.New("help")

// usageError is a mistake on the command line.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error {
	return &usageError{text: fmt.Sprintf(format, args...)}
}

// run answers one command line with an exit status.
func (c *command) run(args []string) int {
	if len(args) == 0 {
		fmt.Fprint(c.err, help)
		return exitNoReply
	}
	name, rest := args[0], args[1:]
	if name == "help" || name == "-h" || name == "-help" || name == "--help" {
		if len(rest) == 0 {
			fmt.Fprint(c.out, help)
			return exitFine
		}
		name, rest = rest[0], []string{"--help"}
	}
	for _, sub := range subcommands {
		if sub.name != name {
			continue
		}
		out := &output{to: c.out}
		c.out = out
		status, err := sub.run(c, rest)
		if err == nil {
			err = out.err
		}
		var usage *usageError
		switch {
		case errors.Is(err, errHelp):
			fmt.Fprint(c.out, sub.help)
			return exitFine
		case errors.As(err, &usage):
			fmt.Fprintf(c.err, "authproxy %s: %s\nauthproxy %s --help says how\n", name, clean(usage.text), name)
			return exitNoReply
		case err != nil:
			fmt.Fprintf(c.err, "authproxy %s: %s\n", name, clean(strings.TrimPrefix(err.Error(), "authproxy: ")))
			return exitNoReply
		}
		return status
	}
	fmt.Fprintf(c.err, "authproxy: no command %q\nauthproxy --help lists them\n", name)
	return exitNoReply
}

// output remembers that something could not be written: half a report must not look
// like a whole one.
type output struct {
	to  io.Writer
	err error
}

func (o *output) Write(text []byte) (int, error) {
	n, err := o.to.Write(text)
	if o.err == nil {
		o.err = err
	}
	return n, err
}

// printJSON writes the one document of --json.
func (c *command) printJSON(v any) error {
	encoder := json.NewEncoder(c.out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}
