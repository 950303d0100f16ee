// Command soak puts constant load of good tokens on real Traefik while all
// goes on that must not harm it: the issuer changes its keys, answers badly,
// is away and comes back, Traefik reloads every second, and beside the good
// tokens comes a flood of tokens with unknown kids. At the end it prints what
// became of the requests and how often the issuer was asked.
//
// It exits with 1 when a good token failed, when one of the flood did not get
// 401, when the issuer was asked more often than its cooldown allows, or when
// Traefik reported a panic.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var o options
	flag.DurationVar(&o.duration, "duration", time.Minute, "how long the load lasts, at least 1s")
	flag.IntVar(&o.rate, "rate", 200, "good requests a second")
	flag.IntVar(&o.flood, "flood", 200, "requests a second with a kid that nobody has")
	flag.IntVar(&o.routers, "routers", 50, "routers that use the middleware")
	jsonFile := flag.String("json", "", "`file` to write the report to")
	markdownFile := flag.String("markdown", "", "`file` to write the report to as a Markdown table")
	quiet := flag.Bool("quiet", false, "no progress lines")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flag.Arg(0))
	}
	if o.duration < time.Second || o.rate < 1 || o.flood < 1 || o.routers < 1 {
		return errors.New("want a duration of 1s at least, and rates and routers of 1 at least")
	}
	if !*quiet {
		o.progress = os.Stderr
	}
	r, err := soak(ctx, o)
	if err != nil {
		return err
	}
	if *jsonFile != "" {
		text, err := json.MarshalIndent(r, "", "  ")
		if err == nil {
			err = os.WriteFile(*jsonFile, append(text, '\n'), 0o644)
		}
		if err != nil {
			return err
		}
	}
	if *markdownFile != "" {
		var b bytes.Buffer
		r.markdown(&b)
		if err := os.WriteFile(*markdownFile, b.Bytes(), 0o644); err != nil {
			return err
		}
	}
	r.print(os.Stdout)
	return r.verdict()
}
