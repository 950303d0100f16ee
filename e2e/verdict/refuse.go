package verdict

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/host"
)

// Refuse tries a configuration that must be refused, the n-th of Mistakes: in
// each way New fails with the same message, which holds what the mistake
// says; in Traefik the router is gone and the log has the message.
func (s *Site) Refuse(ctx context.Context, n int, m Mistake) []string {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	text, err := overlay(m.yaml)
	if err != nil {
		return []string{err.Error()}
	}
	config, err := host.Config(pluginSection("", s.fill(text)))
	if err != nil {
		return []string{err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, waitForLog)
	defer cancel()
	message := ""
	for _, way := range []string{Compiled, Interpreted} {
		_, err := s.plugins[way].New(ctx, http.NotFoundHandler(), config, mistakeName(n)+"@file")
		var panicked *host.PanicError
		switch {
		case err == nil:
			fault("%s: New takes it", way)
			continue
		case errors.As(err, &panicked):
			fault("%s: %v", way, err)
			continue
		}
		for _, says := range m.Says {
			if !strings.Contains(err.Error(), says) {
				fault("%s: the message does not hold %q: %s", way, says, err)
			}
		}
		if message == "" {
			message = err.Error()
		} else if err.Error() != message {
			fault("%s: another message: %s; compiled: %s", way, err, message)
		}
	}

	raw := fmt.Appendf(nil, "GET / HTTP/1.1\r\nHost: %s.test\r\n\r\n", mistakeName(n))
	res, _, err := send(s.traefik.Addr("web"), http.MethodGet, raw)
	if err != nil {
		fault("Traefik: %v", err)
	} else if res.StatusCode != http.StatusNotFound {
		fault("Traefik: status %d, want 404", res.StatusCode)
	}
	_, err = s.traefik.WaitStdout(ctx, func(line string) bool {
		var entry struct{ RouterName, Error string }
		return json.Unmarshal([]byte(line), &entry) == nil && entry.RouterName == mistakeName(n)+"@file" && strings.Contains(entry.Error, message)
	})
	if err != nil {
		fault("Traefik: the log does not have the message %q: %v", message, err)
	}
	return faults
}

// waitForLog is how long Traefik's log may take to show a message.
const waitForLog = 5 * time.Second
