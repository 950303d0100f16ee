// Command traefik prints the path of the Traefik that the tests run in, and
// builds it first where the machine has none. Progress goes to standard
// error. With a version, as in "traefik v3.5.3", it is that one.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/labs64/traefik-authproxy/e2e/traefik"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	version := ""
	if len(os.Args) > 1 {
		version = os.Args[1]
	}
	bin, err := traefik.Find(ctx, version, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(bin)
}
