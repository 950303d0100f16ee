// Command docs writes the parts of the documentation that nobody writes by
// hand: what follows from the plugin's sources, and tables that a run printed.
//
//	go run ./cmd/docs                            the generated regions
//	go run ./cmd/docs -measured bench < table    the measured region "bench"
//
// It names the files that it changed. The tests of package docs fail where a
// generated region is not what this command would write.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/labs64/traefik-authproxy/e2e/docs"
	"github.com/labs64/traefik-authproxy/e2e/layout"
)

func main() {
	measured := flag.String("measured", "", "fill the measured region of this `name` with standard input")
	flag.Parse()
	if err := run(*measured); err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

func run(measured string) error {
	checkout, err := layout.Checkout()
	if err != nil {
		return err
	}
	kind := "generated"
	var text map[string]string
	if measured == "" {
		text, err = docs.Generate(checkout)
	} else {
		kind = "measured"
		text, err = printed(measured)
	}
	if err != nil {
		return err
	}
	changed, err := docs.FillFiles(checkout, kind, text)
	for _, file := range changed {
		fmt.Println(file)
	}
	return err
}

// printed reads the table that goes into a measured region.
func printed(name string) (map[string]string, error) {
	table, err := io.ReadAll(os.Stdin)
	if err != nil {
		return nil, err
	}
	content := strings.TrimSpace(string(table))
	if content == "" {
		return nil, errors.New("standard input is empty")
	}
	return map[string]string{name: content}, nil
}
