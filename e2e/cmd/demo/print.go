package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// printer writes for a person to read, with colours where it is a terminal.
type printer struct {
	out     io.Writer
	colours bool
}

const (
	green = "\x1b[32m"
	red   = "\x1b[1;31m"
	faint = "\x1b[2m"
	plain = "\x1b[0m"
)

func (p printer) printf(format string, args ...any) {
	fmt.Fprintf(p.out, format, args...)
}

func (p printer) in(colour, text string) string {
	if !p.colours {
		return text
	}
	return colour + text + plain
}

// maxFlaws is how many broken promises are told one by one below the table.
const maxFlaws = 15

// table prints who × path → status, a mark beside each: ✓ as promised, ✗ not.
// The paths are too long for columns and stand above, by number.
func (p printer) table(r result) {
	for i, at := range r.places {
		p.printf("%4d  %-38s %s\n", i+1, at.path, p.in(faint, describe(at)))
	}
	width := 0
	for _, row := range r.rows {
		width = max(width, utf8.RuneCountInString(row.who.name))
	}
	p.printf("\n%-*s", width, "")
	for i := range r.places {
		p.printf("  %3d ", i+1)
	}
	p.printf("  X-User-Id that the service saw\n")
	for _, row := range r.rows {
		p.printf("%-*s", width, row.who.name)
		for _, a := range row.answers {
			if a.asPromised() {
				p.printf("  %s", p.in(green, fmt.Sprintf("%d✓", a.status)))
			} else {
				p.printf("  %s", p.in(red, fmt.Sprintf("%d✗", a.status)))
			}
		}
		seen := strings.Join(row.seen, " ")
		if seen == "" {
			seen = "–"
		}
		p.printf("   %s\n", seen)
	}
	said := 0
	for _, row := range r.rows {
		for i, a := range row.answers {
			if a.asPromised() {
				continue
			}
			// Where all is wrong, one cause is behind it, and the table says so.
			if said++; said > maxFlaws {
				continue
			}
			why := a.flaw
			if a.status != a.promised {
				why = strings.TrimPrefix(why+fmt.Sprintf("; promised was %d", a.promised), "; ")
			}
			p.printf("%s\n", p.in(red, fmt.Sprintf("✗ %s, %s: got %d: %s", row.who.name, r.places[i].path, a.status, why)))
		}
	}
	if said > maxFlaws {
		p.printf("%s\n", p.in(red, fmt.Sprintf("✗ and %d more", said-maxFlaws)))
	}
	verdict := fmt.Sprintf("\n%d of %d answers as promised", r.count()-r.broken(), r.count())
	if r.broken() == 0 {
		p.printf("%s\n", p.in(green, verdict))
	} else {
		p.printf("%s\n", p.in(red, verdict))
	}
}

// describe says what the policy asks for at a place.
func describe(at place) string {
	var readings []string
	for _, n := range at.needs {
		switch {
		case n.public:
			readings = append(readings, "public")
		case len(n.roles) == 0:
			readings = append(readings, "no rule")
		default:
			readings = append(readings, strings.Join(n.roles, " or "))
		}
	}
	if len(readings) > 1 {
		return "can be read as: " + strings.Join(readings, "; as: ")
	}
	return readings[0]
}

// curlLines prints lines to paste, with a fresh token of each person.
func (p printer) curlLines(iss *issuer.Issuer, gateway, policy string) error {
	home := iss.Default()
	p.printf("\nTry it: tokens for %d seconds, from now on.\n", issuer.AccessLifespan)
	for _, user := range []struct{ name, gets string }{{"alice", "200"}, {"bob", "200"}, {"carol", "403"}} {
		t, err := login(home, user.name)
		if err != nil {
			return err
		}
		p.curl(user.name+" gets "+user.gets, t.Access, gateway)
	}
	t, err := serviceLogin(home)
	if err != nil {
		return err
	}
	p.curl("the service account of "+issuer.ServiceClient+" gets 200", t.Access, gateway)
	p.printf("\n%s\ncurl -i http://%s/api/v1/auditflow\n", p.in(faint, "# nobody gets 401"), gateway)
	p.printf("\n%s\ncurl -s -d grant_type=password -d client_id=%s -d username=bob -d password=bob %s\n",
		p.in(faint, "# another token: every password is the user's name"), issuer.WebClient, home.Inner(issuer.Tokens))
	p.printf("\nThe policy is live: edit %s and ask again.\nCtrl-C ends all.\n", policy)
	return nil
}

func (p printer) curl(who, token, gateway string) {
	p.printf("\n%s\ncurl -i -H 'Authorization: Bearer %s' http://%s/api/v1/auditflow\n", p.in(faint, "# "+who), token, gateway)
}

// isTerminal says whether to write colours: to a terminal that knows them,
// unless NO_COLOR is set.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 &&
		os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && os.Getenv("TERM") != ""
}
