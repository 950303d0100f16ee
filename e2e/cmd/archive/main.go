// Command archive makes the archive of the plugin that the plugin catalog
// hands out, or takes one, looks at it as the catalog's analyzer does, and
// prints the lines that install exactly this archive, as Markdown:
//
//	go run ./cmd/archive -version v0.1.0                 the checkout's own
//	go run ./cmd/archive -version v0.1.0 FILE.zip        one that was downloaded
//
// A downloaded archive must hold the checkout's files. With -repository
// OWNER/NAME the catalog's demand on names is looked at as well. What it found
// goes to standard error; it exits with 1 when the catalog would refuse.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/labs64/traefik-authproxy/e2e/catalog"
	"github.com/labs64/traefik-authproxy/e2e/layout"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	version := flag.String("version", "", "the release's `tag`, such as v0.1.0")
	repository := flag.String("repository", "", "the `OWNER/NAME` under which the repository is published")
	flag.Parse()
	// The plugin, once it is loaded, writes its log to standard output.
	out := os.Stdout
	os.Stdout = os.Stderr
	if err := run(ctx, out, *version, *repository, flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, "archive:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, version, repository, file string) error {
	checkout, err := layout.Checkout()
	if err != nil {
		return err
	}
	archive, err := catalog.Pack(ctx, checkout)
	if err != nil {
		return err
	}
	if file != "" {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		downloaded := catalog.Archive{Of: file, Content: content}
		if err := downloaded.Same(archive); err != nil {
			return fmt.Errorf("%s and %s: %w", file, archive.Of, err)
		}
		archive = downloaded
	}
	if err := catalog.Check(ctx, archive, version); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "archive: %s, SHA-256 %s\n", archive, archive.Hash())
	_, err = io.WriteString(out, catalog.Install(archive, version, repository))
	return err
}
