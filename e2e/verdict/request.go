package verdict

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

// request is a row's request while deviations are applied to it.
type request struct {
	site    *Site
	variant variant

	method, target, host, proto string
	token                       issuer.Token
	edits                       []func(compact string) string // of the compact token
	credentials                 []string                      // values of Authorization; nil: Bearer and the token
	lines                       []string                      // further header lines, raw
	body                        string

	watch   map[string][]string // headers to look at, with the values that are due
	user    *string             // the user id that is due, where it is not sub
	problem bool                // a refusal is a problem document
}

// deviation changes one thing of the allowed request.
type deviation func(*request)

// newRequest is the allowed request: bob holds auditflow-role.
func (s *Site) newRequest() *request {
	return &request{
		site:    s,
		variant: variants[0],
		method:  http.MethodGet,
		target:  "/api/v1/auditflow/jobs",
		proto:   "HTTP/1.1",
		token:   s.realm("demo").Access("bob"),
		watch:   map[string][]string{},
	}
}

// made is a row's request, ready to be sent.
type made struct {
	method    string
	raw       []byte
	challenge string   // without an error code
	problem   bool     // a refusal is a problem document
	secret    string   // of the token, must not be in a log
	watch     []string // the names of headers to look at
	due       []string // as Verdict.Seen, where a user id is due
	others    []string // the same where none is
}

// make applies a row's deviations and writes the request's bytes.
func (s *Site) make(r Row) made {
	req := s.newRequest()
	for _, d := range r.deviate {
		d(req)
	}
	compact := ""
	token := func() string {
		if compact == "" {
			compact = req.token.String()
			for _, edit := range req.edits {
				compact = edit(compact)
			}
		}
		return compact
	}
	credentials := req.credentials
	if credentials == nil {
		credentials = []string{"Bearer " + tokenMark}
	}
	fill := func(text string) string {
		if !strings.Contains(text, tokenMark) {
			return text
		}
		return strings.ReplaceAll(text, tokenMark, token())
	}
	host := req.host
	if host == "" {
		host = req.variant.host()
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s %s\r\nHost: %s\r\n", req.method, fill(strings.ReplaceAll(req.target, hostMark, req.variant.host())), req.proto, host)
	for _, c := range credentials {
		fmt.Fprintf(&b, "Authorization: %s\r\n", fill(c))
	}
	for _, line := range req.lines {
		fmt.Fprintf(&b, "%s\r\n", fill(line))
	}
	fmt.Fprintf(&b, "\r\n%s", fill(req.body))

	m := made{
		method: req.method, raw: b.Bytes(),
		challenge: req.variant.challenge(), problem: req.problem,
	}
	if parts := strings.Split(compact, "."); len(parts) == 3 {
		m.secret = parts[2]
	}
	user := ""
	if req.user != nil {
		user = *req.user
	} else if sub, ok := req.token.Claims["sub"].(string); ok {
		user = sub
	}
	m.watch = append(m.watch, req.variant.userHeader())
	if user != "" {
		m.due = append(m.due, seenLine(req.variant.userHeader(), user))
	}
	for _, name := range sorted(req.watch) {
		m.watch = append(m.watch, name)
		for _, value := range req.watch[name] {
			line := seenLine(name, fill(value))
			m.due = append(m.due, line)
			m.others = append(m.others, line)
		}
	}
	return m
}

// tokenMark stands for the row's token in credentials, header lines, targets
// and bodies, hostMark for the variant's host in a target.
const (
	tokenMark = "<token>"
	hostMark  = "<host>"
)

// seenLine is one header as it stands in Verdict.Seen. Long values, which are
// tokens, are cut.
func seenLine(name, value string) string {
	const most = 200
	if len(value) > most {
		value = fmt.Sprintf("%s… (%d bytes)", value[:most], len(value))
	}
	return name + ": " + value
}
