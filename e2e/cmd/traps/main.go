// Command traps looks for code that Traefik's interpreter runs differently
// from compiled Go:
//
//	go run ./cmd/traps [-tests] DIR
//
// It checks the package in DIR, with -tests its tests too, for the traps that
// matter there, and prints each finding as file:line: message. It exits with
// 1 when there is a finding, and with 2 when the package cannot be checked.
// -list prints every trap instead.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/labs64/traefik-authproxy/e2e/traps"
)

func main() {
	tests := flag.Bool("tests", false, "check the package's tests too")
	list := flag.Bool("list", false, "print the traps")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: traps [-tests] DIR")
		flag.PrintDefaults()
	}
	flag.Parse()
	if *list {
		for _, t := range traps.All() {
			fmt.Printf("%s\n    the interpreter %s\n    instead: %s\n", t.Name, t.Does, t.Instead)
		}
		return
	}
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	dir := flag.Arg(0)
	findings, err := traps.Check(dir, *tests)
	if err != nil {
		fmt.Fprintf(os.Stderr, "traps: %v\n", err)
		os.Exit(2)
	}
	for _, f := range findings {
		fmt.Printf("%s:%d: %s\n", filepath.Join(dir, f.File), f.Line, f.Message)
	}
	if len(findings) > 0 {
		fmt.Fprintf(os.Stderr, "traps: %d findings of %d traps\n", len(findings), len(traps.All()))
		os.Exit(1)
	}
	fmt.Printf("traps: none of %d in %s\n", len(traps.All()), dir)
}
