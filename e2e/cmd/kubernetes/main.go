// Command kubernetes prints the path of the Kubernetes API server that the
// tests run, and builds it first where the cache folder has none. Progress
// goes to standard error.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/labs64/traefik-authproxy/e2e/kubernetes"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	bin, err := kubernetes.Build(ctx, os.Stderr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(bin)
}
