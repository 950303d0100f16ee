package catalog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/host"
)

// analyzerWaits is how long the analyzer gives a plugin to load and New to
// return.
const analyzerWaits = 10 * time.Second

// errOffline is what a look-up of a name comes to once call ran.
var errOffline = errors.New("there is no network here")

// call loads the unpacked archive into the interpreter and calls New with the
// manifest's testData, as the analyzer does, but without a network: what the
// plugin fetches in the background finds no name either, so this process
// stays without.
func call(ctx context.Context, dir string, m Manifest) error {
	ctx, cancel := context.WithTimeout(ctx, analyzerWaits)
	defer cancel()
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errOffline
	}}
	start := time.Now()
	var printed bytes.Buffer
	plugin, err := host.Interpreted(dir, &printed, &printed)
	if err != nil {
		return fmt.Errorf("%w %s", err, printed.Bytes())
	}
	// The sources are gone by now, so New can open nothing of them.
	if _, err := plugin.New(ctx, http.NotFoundHandler(), m.TestData, "test"); err != nil {
		return fmt.Errorf("call New with testData: %w", err)
	}
	if took := time.Since(start); took > analyzerWaits {
		return fmt.Errorf("the plugin took %s to load, and the analyzer waits %s", took.Round(time.Millisecond), analyzerWaits)
	}
	return nil
}
