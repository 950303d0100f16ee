// Package frames reads CPU profiles of a Traefik that interprets a plugin.
//
// The interpreter runs a plugin as a chain of closures, one for each step of
// the source, and a profile shows those closures under names such as
// interp.getIndexMap.func3. This package says what each of them does, and
// where the time of a request goes: into the steps of the plugin, into
// compiled code that the plugin calls, or into Traefik around it.
package frames

import (
	"strings"

	"github.com/google/pprof/profile"
)

const (
	interpreter = "github.com/traefik/yaegi/interp."
	host        = "github.com/traefik/traefik/v3/"
)

// steps say what the interpreter's closures do, by the function that made
// them.
var steps = map[string]string{
	"genFunctionWrapper":   "enter a function: a place for every value in its text",
	"getFunc":              "enter a closure: a place for every value in its text",
	"newFrame":             "enter a function: a place for every value in its text",
	"call":                 "call an interpreted function",
	"runCfg":               "go from step to step",
	"setExec":              "go from step to step",
	"getIndexMap":          "read a map",
	"getIndexMap2":         "read a map",
	"getIndexArray":        "read an element of a list or a byte of a string",
	"getIndexSeq":          "read a field",
	"getPtrIndexSeq":       "read a field",
	"getIndexSeqField":     "read a field",
	"getIndexBinMethod":    "look a method up",
	"getIndexBinPtrMethod": "look a method up",
	"getIndexSeqMethod":    "look a method up",
	"getIndexSeqPtrMethod": "look a method up",
	"getMethod":            "look a method up",
	"getMethodByName":      "look a method up",
	"assign":               "assign",
	"assignFromCall":       "assign",
	"rangeMap":             "range over a map",
	"_range":               "range over a list",
	"typeAssert":           "assert a type",
	"_len":                 "len",
	"equal":                "compare",
	"notEqual":             "compare",
	"lower":                "compare",
	"lowerEqual":           "compare",
	"greater":              "compare",
	"greaterEqual":         "compare",
	"isNilChild":           "compare with nil",
	"isNotNil":             "compare with nil",
	"land":                 "and, or, not",
	"lor":                  "and, or, not",
	"not":                  "and, or, not",
	"branch":               "and, or, not",
	"compositeBinSlice":    "make a list",
	"arrayLit":             "make a list",
	"doComposite":          "make a struct",
	"slice":                "cut a string or a list",
	"slice0":               "cut a string or a list",
	"convert":              "convert",
	"_return":              "return",
	"reset":                "declare a variable",
}

// made is the name of the function that made a closure of the interpreter:
// getIndexMap for interp.getIndexMap.func3.
func made(name string) string {
	rest := strings.TrimPrefix(name, interpreter)
	rest, _, _ = strings.Cut(rest, ".func")
	return rest
}

// Step says what a function of the interpreter does in running a plugin; ok
// is false for other functions.
func Step(name string) (text string, ok bool) {
	if !strings.HasPrefix(name, interpreter) {
		return "", false
	}
	by := made(name)
	if by == "callBin" {
		return "call compiled code", true
	}
	if text, known := steps[by]; known {
		return text, true
	}
	return by, true
}

// Rename gives the interpreter's functions in a profile the names of what
// they do, with their own behind, for any tool that shows profiles.
func Rename(p *profile.Profile) {
	for _, f := range p.Function {
		if text, ok := Step(f.Name); ok {
			f.Name = "plugin: " + text + " [" + strings.TrimPrefix(f.Name, "github.com/traefik/yaegi/") + "]"
		}
	}
}
