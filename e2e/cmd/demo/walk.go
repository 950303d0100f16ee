package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/backend"
)

// answer is a cell of the table.
type answer struct {
	status   int
	promised int
	// flaw says what else was wrong, empty when nothing was.
	flaw string
}

func (a answer) asPromised() bool { return a.status == a.promised && a.flaw == "" }

// row is what one person met.
type row struct {
	who     person
	answers []answer
	// seen are the values of X-User-Id that the service saw, each once.
	seen []string
}

// result is the whole walk.
type result struct {
	places []place
	rows   []row
}

func (r result) count() int { return len(r.rows) * len(r.places) }

func (r result) broken() int {
	n := 0
	for _, row := range r.rows {
		for _, a := range row.answers {
			if !a.asPromised() {
				n++
			}
		}
	}
	return n
}

// walk lets every person ask for every place, and compares the status, how
// often the service was reached, and the identity that it saw.
func walk(ctx context.Context, gateway string, service *backend.Echo, people []person, places []place) (result, error) {
	all := result{places: places}
	for _, who := range people {
		r := row{who: who}
		for _, at := range places {
			service.Reset()
			status, err := request(ctx, gateway, at.path, who)
			if err != nil {
				return all, fmt.Errorf("%s asks for %s: %w", who.name, at.path, err)
			}
			promised, sub := who.promised(at)
			a := answer{status: status, promised: promised}
			seen, _ := service.Last()
			ids := seen.Named("X-User-Id")
			switch reached := service.Count(); {
			case status == http.StatusOK && reached != 1:
				a.flaw = fmt.Sprintf("the service was reached %d times", reached)
			case status != http.StatusOK && reached != 0:
				a.flaw = "refused, yet the service was reached"
			case status == http.StatusOK && sub == "" && len(ids) > 0:
				a.flaw = fmt.Sprintf("the service saw X-User-Id %q on a public path", ids)
			case status == http.StatusOK && sub != "" && !slices.Equal(ids, []string{sub}):
				a.flaw = fmt.Sprintf("the service saw X-User-Id %q, want %q once", ids, sub)
			}
			r.answers = append(r.answers, a)
			for _, id := range ids {
				if !slices.Contains(r.seen, id) {
					r.seen = append(r.seen, id)
				}
			}
		}
		all.rows = append(all.rows, r)
	}
	return all, nil
}

// request sends the path as it stands over a connection of its own: an HTTP
// client would tidy it up first.
func request(ctx context.Context, gateway, path string, who person) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", gateway)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	lines := append([]string{"GET " + path + " HTTP/1.1", "Host: " + gateway, "Connection: close"}, who.headers...)
	if who.bearer != "" {
		lines = append(lines, "Authorization: Bearer "+who.bearer)
	}
	if _, err := io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		return 0, err
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}
