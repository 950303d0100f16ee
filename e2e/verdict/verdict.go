// Package verdict is one table of raw requests, run three ways: against the
// plugin compiled, against the plugin in the interpreter, and in real Traefik.
// The verdicts must be as the row says, and the same in every way.
//
// A row starts from an allowed request, bob asking for the audit flow with a
// good token, and states only its deviation:
//
//	row("an expired token", badToken, claim("exp", in(-60))),
//
// The bytes of a row's request are made once and sent as they are, over a TCP
// connection, to each way: all three parse them with the same server code.
// Each request is sent twice, because the second one may be answered from
// what the plugin remembers of the first, and must be answered alike.
package verdict

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Row is one line of the table.
type Row struct {
	// Phrase says what the request does, for a reader and for a test's name.
	Phrase string
	// Want is the verdict that is due in every way.
	Want Want
	// InTraefik, when not nil, is due in Traefik instead, whose entry point
	// answers such a request itself or changes it before the plugin sees it;
	// Because says how. Where only Traefik's cleaning of paths makes the
	// difference, the row also runs at an entry point that does not clean,
	// and Want is due there.
	InTraefik *Want
	Because   string

	rewritten bool // Because is a change of the path, by entry points since rewriteSince
	cleaned   bool // and that change is its cleaning, which can be turned off
	deviate   []deviation
}

// Want is what should become of a request.
type Want struct {
	// Status is the answer's status.
	Status int
	// Code is the error code of the challenge (RFC 6750, section 3.1); empty
	// is a challenge without one. Statuses that carry no challenge ignore it.
	Code string
	// Reached says whether the service behind the plugin is asked, once.
	Reached bool
	// User says whether the token's sub must arrive at the service. Without
	// it the identity header must be absent.
	User bool
	// Server says that net/http refuses the request before any handler runs,
	// so that nothing is known of the answer but its status.
	Server bool
}

// The verdicts that there are.
var (
	pass        = Want{Status: 200, Reached: true, User: true}
	public      = Want{Status: 200, Reached: true}
	noToken     = Want{Status: 401}
	badToken    = Want{Status: 401, Code: "invalid_token"}
	badRequest  = Want{Status: 400, Code: "invalid_request"}
	forbidden   = Want{Status: 403, Code: "insufficient_scope"}
	unavailable = Want{Status: 503}
	unreadable  = Want{Status: 400, Server: true}
)

// row makes a row.
func row(phrase string, want Want, deviations ...deviation) Row {
	return Row{Phrase: phrase, Want: want, deviate: deviations}
}

// inTraefik sets what Traefik does with the request by itself.
func (r Row) inTraefik(want Want, because string) Row {
	r.InTraefik, r.Because = &want, because
	return r
}

// cleanedTo sets the verdict over the path that Traefik's entry point makes
// of the row's.
func (r Row) cleanedTo(path string, want Want) Row {
	r = r.inTraefik(want, "the entry point cleans the path to "+path)
	r.cleaned, r.rewritten = true, true
	return r
}

// decodedTo sets the verdict over the path that Traefik's entry point makes of
// the row's by decoding letters that need no escape, cleaning or not.
func (r Row) decodedTo(path string, want Want) Row {
	r = r.inTraefik(want, "the entry point decodes the path to "+path)
	r.rewritten = true
	return r
}

// Verdict is what became of a request in one way.
type Verdict struct {
	// Status is the answer's status; 0 when the connection closed without
	// one.
	Status int
	// Challenge, CacheControl, ContentType and Body are the answer's, for
	// answers that are not the service's.
	Challenge, CacheControl, ContentType, Body string
	// RetryAfter says whether the answer has that header.
	RetryAfter bool
	// Reached is how often the service was asked.
	Reached int
	// Seen are the watched headers that the service saw, each as
	// "Name: value", in the order of the watch list.
	Seen []string
	// Reason is the reason word that the plugin's log gives for refusing the
	// token (docs/reasons.md).
	Reason string
	// Panic is the plugin's panic, if there was one.
	Panic string
}

// String is the verdict on one line.
func (v Verdict) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "status %d", v.Status)
	if v.Challenge != "" {
		fmt.Fprintf(&b, ", challenge %s", v.Challenge)
	}
	fmt.Fprintf(&b, ", reached %d×", v.Reached)
	if v.Reason != "" {
		fmt.Fprintf(&b, ", reason %s", v.Reason)
	}
	if len(v.Seen) > 0 {
		fmt.Fprintf(&b, ", seen %q", v.Seen)
	}
	if v.Panic != "" {
		fmt.Fprintf(&b, ", PANIC %s", v.Panic)
	}
	return b.String()
}

// Equal reports whether two ways came to the same verdict.
func (v Verdict) Equal(w Verdict) bool {
	seen := slices.Equal(v.Seen, w.Seen)
	v.Seen, w.Seen = nil, nil
	return seen && fmt.Sprint(v) == fmt.Sprint(w)
}

// faults compares a verdict with what was due of a request.
func (w Want) faults(v Verdict, m made) []string {
	var faults []string
	expect := func(what string, got, want any) {
		if fmt.Sprint(got) != fmt.Sprint(want) {
			faults = append(faults, fmt.Sprintf("%s is %q, want %q", what, fmt.Sprint(got), fmt.Sprint(want)))
		}
	}
	if v.Panic != "" {
		faults = append(faults, v.Panic)
	}
	expect("status", v.Status, w.Status)
	if w.Reached {
		expect("times that the service was asked", v.Reached, 1)
		due := m.others
		if w.User {
			due = m.due
		}
		expect("headers seen", strings.Join(v.Seen, "\n"), strings.Join(due, "\n"))
		return faults
	}
	expect("times that the service was asked", v.Reached, 0)
	if w.Server {
		return faults
	}
	challenge := ""
	if w.Status != http.StatusServiceUnavailable {
		challenge = m.challenge
		if w.Code != "" {
			challenge += `, error="` + w.Code + `"`
		}
	}
	expect("challenge", v.Challenge, challenge)
	expect("Retry-After", v.RetryAfter, w.Status == http.StatusServiceUnavailable)
	expect("Cache-Control", v.CacheControl, "no-store")
	kind := "text/plain; charset=utf-8"
	title := http.StatusText(w.Status)
	body := fmt.Sprintf("%d %s\n", w.Status, title)
	if m.problem {
		kind = "application/problem+json"
		body = fmt.Sprintf("{\"type\":\"about:blank\",\"title\":%q,\"status\":%d}\n", title, w.Status)
	}
	if m.method == http.MethodHead {
		body = ""
	}
	expect("Content-Type", v.ContentType, kind)
	expect("body", v.Body, body)
	if w.Code == "invalid_token" && v.Reason == "" {
		faults = append(faults, "the log gives no reason")
	}
	return faults
}
