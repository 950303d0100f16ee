package stories

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labs64/traefik-authproxy/e2e/backend"
	"github.com/labs64/traefik-authproxy/e2e/issuer"
)

const (
	guarded = "/api/v1/auditflow"
	public  = "/public"
)

const (
	// patience is how long a story waits for what must come at some time.
	patience = time.Minute
	// slack is what a limit of time allows a busy machine on top.
	slack = 15 * time.Second
)

// config is a change of a route's configuration.
type config = map[string]any

// stage is what a story has: an issuer, and a gateway with a route of its own.
type stage struct {
	*testing.T
	place  *place
	issuer *issuer.Issuer
	realm  *issuer.Realm // the issuer's first
	host   string
	client *http.Client
}

// names counts what unique has named.
var names atomic.Int64

// unique makes a name that no other story has. Realms need one: the port of an
// issuer that has closed may be the next one's, and the plugin must not take
// the two for one.
func unique(name string) string { return fmt.Sprintf("%s-%d", name, names.Add(1)) }

// everywhere tells a story in every way, beside the other stories.
func everywhere(t *testing.T, tell func(s *stage)) {
	t.Parallel()
	inTurn(t, tell)
}

// inTurn tells a story in every way while no other story runs.
func inTurn(t *testing.T, tell func(s *stage)) {
	for _, p := range places {
		t.Run(p.Name(), func(t *testing.T) {
			t.Parallel()
			tell(newStage(t, p))
		})
	}
}

func newStage(t *testing.T, p *place) *stage {
	s := &stage{T: t, place: p, host: unique("story") + ".test"}
	s.client = &http.Client{
		Timeout:   3 * time.Minute,
		Transport: &http.Transport{MaxIdleConnsPerHost: 600},
	}
	t.Cleanup(s.client.CloseIdleConnections)
	s.issuer = s.another(issuer.Options{})
	s.realm = s.issuer.Default()
	return s
}

// another starts a further issuer. The names of its realms must be unique.
func (s *stage) another(o issuer.Options) *issuer.Issuer {
	s.Helper()
	if o.Realms == nil {
		o.Realms = []string{unique("realm")}
	}
	iss, err := issuer.Start(o)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		if err := iss.Close(); err != nil {
			s.Error(err)
		}
	})
	return iss
}

// use makes an issuer the story's own.
func (s *stage) use(iss *issuer.Issuer) {
	s.issuer, s.realm = iss, iss.Default()
}

// route is the story's route: a configuration whose keys change only when the
// story says so, but for the changes.
func (s *stage) route(changes config) Route {
	c := config{
		"issuer":         s.realm.URL(),
		"audience":       []string{issuer.Audience},
		"roleMapping":    config{guarded: []string{"auditflow-role"}, public: []string{}},
		"decisionLog":    "off",
		"jwksTimeout":    "2m",
		"jwksRefresh":    "1h",
		"jwksMinRefresh": "500ms",
	}
	maps.Copy(c, changes)
	return Route{Host: s.host, Config: c}
}

// start puts the story's route into the gateway.
func (s *stage) start(changes config) {
	s.Helper()
	s.startRoute(s.route(changes))
}

func (s *stage) startRoute(r Route) {
	s.Helper()
	if err := s.place.add(s.Context(), r); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { s.place.drop(r.Host) })
}

// reload makes the gateway load its configuration anew.
func (s *stage) reload() {
	s.Helper()
	if err := s.place.reload(s.Context()); err != nil {
		s.Fatal(err)
	}
}

// token is a good token that nobody has seen.
func (s *stage) token() string { return s.realm.Access("bob").String() }

// quick is such a token of a kind that is signed quickly, for many.
func (s *stage) quick() string {
	return s.realm.Access("bob").By(s.realm.Key("ES256")).String()
}

// answer is what a request got.
type answer struct {
	status     int
	retryAfter string
	err        error
}

// String is the answer for a fault's text.
func (a answer) String() string {
	if a.err != nil {
		return a.err.Error()
	}
	return fmt.Sprint(a.status)
}

// send asks for the guarded path with a token.
func (s *stage) send(token string) answer {
	return s.sendTo(s.Context(), s.host, guarded, token)
}

// sendTo sends one request. A request that reaches the guarded service must
// name the user there.
func (s *stage) sendTo(ctx context.Context, host, path, token string) answer {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.place.Address()+path, nil)
	if err != nil {
		return answer{err: err}
	}
	req.Host = host
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return answer{err: err}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{err: err}
	}
	a := answer{status: res.StatusCode, retryAfter: res.Header.Get("Retry-After")}
	if a.status == http.StatusOK && path == guarded {
		var seen backend.Seen
		if err := json.Unmarshal(body, &seen); err != nil {
			return answer{err: err}
		}
		if got, want := seen.Named("X-User-Id"), s.realm.User("bob").Sub; len(got) != 1 || got[0] != want {
			return answer{err: fmt.Errorf("the service sees user %q, want %q", got, want)}
		}
	}
	return a
}

// expect sends a token and compares the answer's status.
func (s *stage) expect(what, token string, status int) {
	s.Helper()
	if got := s.send(token); got.status != status {
		s.Errorf("%s: got %s, want %d", what, got, status)
	}
}

// eventually sends a token until the status comes.
func (s *stage) eventually(what, token string, status int) {
	s.Helper()
	s.within(patience, what, token, status)
}

// within sends a token until the status comes, for so long at most.
func (s *stage) within(limit time.Duration, what, token string, status int) {
	s.Helper()
	begin := time.Now()
	for {
		got := s.send(token)
		if got.status == status {
			return
		}
		if time.Since(begin) > limit {
			s.Fatalf("%s: got %s for %s, want %d", what, got, time.Since(begin).Round(time.Millisecond), status)
		}
		time.Sleep(25 * time.Millisecond)
	}
}

// settle waits until the keys are there, and returns a token that is known by
// then.
func (s *stage) settle() string {
	s.Helper()
	token := s.token()
	s.eventually("at first", token, http.StatusOK)
	// The second time it is known, the third time perhaps by heart.
	for range 2 {
		s.expect("a known token", token, http.StatusOK)
	}
	return token
}

// until waits for a condition.
func (s *stage) until(what string, ok func() bool) {
	s.Helper()
	for begin := time.Now(); !ok(); time.Sleep(25 * time.Millisecond) {
		if time.Since(begin) > patience {
			s.Fatalf("%s: not after %s", what, patience)
		}
	}
}

// asked is how often the story's realm was asked for its keys.
func (s *stage) asked() int { return s.realm.Count(issuer.Certs) }

// askedAgain waits until the realm was asked for its keys twice more, so that
// what it answered to the first time has been taken in.
func (s *stage) askedAgain(what string) {
	s.Helper()
	before := s.asked()
	s.until(what+": the issuer is asked again", func() bool { return s.asked() >= before+2 })
}

// logLine is a line of the plugin's about an issuer.
type logLine struct {
	Msg, Issuer, Error string
}

// lines counts the plugin's lines about the story's realm that hold all of the
// texts in message and error together.
func (s *stage) lines(texts ...string) int {
	s.Helper()
	out, err := s.place.Stdout()
	if err != nil {
		s.Fatal(err)
	}
	count := 0
	for text := range strings.Lines(out) {
		var line logLine
		if json.Unmarshal([]byte(text), &line) == nil && line.Issuer == s.realm.URL() && holdsAll(line.Msg+": "+line.Error, texts) {
			count++
		}
	}
	return count
}

// logged waits for n such lines.
func (s *stage) logged(n int, texts ...string) {
	s.Helper()
	s.until(fmt.Sprintf("%d lines of the log that hold %q", n, texts), func() bool { return s.lines(texts...) >= n })
}

func holdsAll(text string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// good is traffic of good tokens: in turn one that is known and one that
// nobody has seen.
func (s *stage) good(rate int) *Traffic {
	old := s.quick()
	return StartTraffic(Order{
		Address: s.place.Address(), Host: s.host, Path: guarded, Rate: rate,
		Token: func(n int) string {
			if n%2 == 0 {
				return old
			}
			return s.quick()
		},
	})
}

// unharmed ends traffic of good tokens: not one may have failed.
func (s *stage) unharmed(t *Traffic) {
	s.Helper()
	out := t.Stop()
	if out.Requests == 0 || out.Failures(http.StatusOK) > 0 {
		s.Errorf("good tokens: %s", out)
	}
	s.Logf("good tokens: %s, p50 %s, p99 %s", out, out.P50, out.P99)
}
