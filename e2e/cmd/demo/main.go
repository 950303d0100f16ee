// Command demo shows the plugin at work: an embedded issuer, an echo service
// and a real Traefik between them, all on loopback, with the configuration of
// examples/file. It walks through a table of who asks for what, marks whether
// each answer is as promised, prints curl lines to go on with, and stays up
// until Ctrl-C.
//
// With -once, or ONCE=1 in the environment, it ends after the table. It exits
// with 1 when an answer was not as promised or something did not start.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/backend"
	"github.com/labs64/traefik-authproxy/e2e/issuer"
	"github.com/labs64/traefik-authproxy/e2e/layout"
	"github.com/labs64/traefik-authproxy/e2e/traefik"
)

func main() {
	once := flag.Bool("once", onceByEnvironment(), "end after the table; also by ONCE=1 in the environment")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, orphaned := endWithParent(ctx)
	defer orphaned()
	err := demo(ctx, *once, printer{out: os.Stdout, colours: isTerminal(os.Stdout)})
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func onceByEnvironment() bool {
	switch os.Getenv("ONCE") {
	case "", "0", "false", "no":
		return false
	}
	return true
}

// demo starts all, walks, and stays until ctx ends unless once is set. A walk
// with a promise broken is an error.
func demo(ctx context.Context, once bool, p printer) (err error) {
	checkout, err := layout.Checkout()
	if err != nil {
		return err
	}
	// Before anything listens: a first build takes minutes and says so.
	binary, err := traefik.Find(ctx, "", os.Stderr)
	if err != nil {
		return err
	}
	iss, err := issuer.Start(issuer.Options{Realms: []string{"labs64io", "elsewhere"}, Algorithms: []string{"RS256"}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, iss.Close()) }()
	service, err := backend.Start()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.Close()) }()

	example := filepath.Join(checkout, "examples", "file")
	static, dynamic, err := configuration(example, iss.URL, service.URL)
	if err != nil {
		return err
	}
	gateway, err := traefik.Start(ctx, traefik.Options{
		Binary: binary, Static: static, Dynamic: dynamic, Checkout: checkout,
	})
	if err != nil {
		return err
	}
	defer func() {
		stopErr := gateway.Stop()
		if ctx.Err() == nil { // Ctrl-C reaches Traefik too, which then ends before us
			err = errors.Join(err, stopErr)
		}
	}()

	p.printf("issuer   %s\nservice  %s\ngateway  http://%s  (Traefik, pid %d)\npolicy   %s\n\n",
		iss.URL, service.URL, gateway.Addr("web"), gateway.PID(), filepath.Join(example, policyFile))
	people, err := cast(iss)
	if err != nil {
		return err
	}
	result, err := walk(ctx, gateway.Addr("web"), service.Echo, people, places)
	if err != nil {
		return err
	}
	p.table(result)
	if broken := result.broken(); broken > 0 {
		if out, err := gateway.Stdout(); err == nil {
			p.printf("\nTraefik's last lines:\n%s\n", tail(out, 30))
		}
		return fmt.Errorf("%d of %d answers are not as promised", broken, result.count())
	}
	if once {
		return nil
	}
	if err := p.curlLines(iss, gateway.Addr("web"), filepath.Join(example, policyFile)); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		p.printf("\nending\n")
		return nil
	case <-gateway.Done():
		// Ctrl-C reaches both at once, and Traefik may be the quicker.
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
		out, _ := gateway.Stdout() // gone with the process at worst
		return fmt.Errorf("traefik has ended:\n%s", tail(out, 30))
	}
}

// endWithParent ends the context when the process that started this one has
// gone: "go run" passes Ctrl-C on but no SIGTERM, and would leave us behind.
func endWithParent(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	parent := os.Getppid()
	go func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if os.Getppid() != parent {
					cancel()
					return
				}
			}
		}
	}()
	return ctx, cancel
}
