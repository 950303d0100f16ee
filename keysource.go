package authproxy

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// keySourceConfig is all that two configurations must agree on to share an
// issuer's keys. It is compared as a value.
type keySourceConfig struct {
	issuer       string
	jwksURL      string // "": by discovery
	discoveryURL string // "": at the issuer
	caFile       string
	insecure     bool
	preloadFile  string
	timeout      time.Duration
	refresh      time.Duration
	minRefresh   time.Duration
	maxStale     time.Duration
}

// fetchCall is a fetch in flight. over ends, by finish, once its result is in place.
type fetchCall struct {
	over   context.Context
	finish context.CancelFunc
}

// keySource keeps the keys of one issuer: fetched at once when it starts, again
// every refresh, and when a token names an unknown kid, at most once per
// minRefresh. A failed fetch never evicts good keys before maxStale.
type keySource struct {
	config keySourceConfig
	log    *slog.Logger

	// atHand is what a token needs of the below, without a lock: *keysAtHand.
	atHand *atomic.Value

	mu        sync.Mutex
	stopped   bool
	set       *keySet   // the last good one; nil before the first and after maxStale
	good      time.Time // when set was fetched
	inflight  *fetchCall
	asked     time.Time // when a request last caused a fetch
	failures  int       // since the last good answer
	timer     *time.Timer
	watchers  map[string]func() // called when keys have gone
	preloaded bool

	// What follows is written by the fetch in flight only, of which there is one at
	// most; client under mu as well, since stop reads it.
	client   *http.Client
	pem      []byte // what client trusts
	address  string // of the keys, as last discovered
	failing  bool   // address failed last: discover again
	reported map[string]bool
}

// keysAtHand are the present keys. Immutable.
type keysAtHand struct {
	byKeyID map[string][]*key     // by kid and alg
	byHead  map[string]*knownHead // by the encoded JOSE headers of good tokens
	until   float64               // when maxStale ends, in seconds since the epoch
}

// knownHead is a JOSE header that came with a good token, and the one key it means:
// all tokens under one key share theirs.
type knownHead struct {
	source *keySource
	header *joseHeader
	key    *key

	// Of header and key, to spare the interpreter a step each.
	alg    string
	public interface{}
}

func newKnownHead(source *keySource, header *joseHeader, signer *key) *knownHead {
	return &knownHead{
		source: source,
		header: header,
		key:    signer,
		alg:    header.alg,
		public: signer.public,
	}
}

// maxHeadsKnown is far more than there are kinds of headers under one issuer's keys.
const maxHeadsKnown = 256

// errRedirect refuses a redirect to another host: keys come from where the
// configuration says, or from where the issuer's own document says.
var errRedirect = errors.New("redirect to another host refused")

// newKeySource prepares a source without any network call. It fails when a file
// that it needs cannot be used; the error begins with the key's name.
func newKeySource(config keySourceConfig) (*keySource, error) {
	s := &keySource{
		config:   config,
		log:      processLog.With("issuer", config.issuer),
		atHand:   &atomic.Value{},
		watchers: map[string]func(){},
		reported: map[string]bool{},
	}
	s.atHand.Store(&keysAtHand{})
	err := s.trust()
	if err != nil {
		return nil, err
	}
	if config.preloadFile != "" {
		err = s.preload()
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// trust makes the client anew when the file of certificate authorities has
// changed.
func (s *keySource) trust() error {
	var pem []byte
	var pool *x509.CertPool
	if s.config.caFile != "" {
		text, err := readLimited(s.config.caFile, maxJWKSBytes)
		if err != nil {
			return fmt.Errorf("caFile: %v", err)
		}
		if s.client != nil && bytes.Equal(text, s.pem) {
			return nil
		}
		pem = text
		pool = x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return fmt.Errorf("caFile: %s holds no PEM certificate", s.config.caFile)
		}
	} else if s.client != nil {
		return nil
	}
	client := newIssuerClient(pool, s.config.insecure)
	s.mu.Lock()
	former := s.client
	s.client = client
	s.mu.Unlock()
	s.pem = pem
	if former != nil {
		former.CloseIdleConnections()
	}
	return nil
}

// newIssuerClient makes a client of our own: the default one belongs to Traefik.
func newIssuerClient(pool *x509.CertPool, insecure bool) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			TLSClientConfig:     &tls.Config{RootCAs: pool, InsecureSkipVerify: insecure, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:   true,
			TLSHandshakeTimeout: 10 * time.Second,
			MaxIdleConns:        4,
			IdleConnTimeout:     90 * time.Second,
		},
		CheckRedirect: sameHostOnly,
	}
}

func sameHostOnly(next *http.Request, via []*http.Request) error {
	first := via[0].URL
	if len(via) > 3 || next.URL.Scheme != first.Scheme || next.URL.Host != first.Host {
		return errRedirect
	}
	return nil
}

// preload takes the keys of a file until the issuer's first answer.
func (s *keySource) preload() error {
	text, err := readLimited(s.config.preloadFile, maxJWKSBytes)
	if err != nil {
		return fmt.Errorf("preloadFile: %v", err)
	}
	set, skipped, err := parseKeySet(text)
	if err != nil {
		return fmt.Errorf("preloadFile: %s: %v", s.config.preloadFile, err)
	}
	s.report(skipped)
	s.take(set)
	s.preloaded = true
	return nil
}

// start begins the first fetch, in the background. Later calls do nothing.
func (s *keySource) start() {
	s.mu.Lock()
	if s.inflight == nil && s.timer == nil {
		s.fetchLocked()
	}
	s.mu.Unlock()
}

// stop ends the refreshing. A fetch in flight ends by its own time limit.
func (s *keySource) stop() {
	s.mu.Lock()
	s.stopped = true
	if s.timer != nil {
		s.timer.Stop()
	}
	client := s.client
	s.mu.Unlock()
	client.CloseIdleConnections()
}

// usableLocked returns the set, unless the issuer has been silent for too long.
func (s *keySource) usableLocked() *keySet {
	if s.set != nil && time.Since(s.good) > s.config.maxStale {
		return nil
	}
	return s.set
}

// vouches reports whether the present set still holds a key.
func (s *keySource) vouches(fingerprint string) bool {
	set := s.usable()
	return set != nil && set.fingerprints[fingerprint]
}

// take puts a good set into force, and reports whether its keys are others than
// before. The caller holds mu, or nobody else has s yet.
func (s *keySource) take(set *keySet) bool {
	changed := !sameKeys(s.set, set)
	atHand := &keysAtHand{byKeyID: set.byKeyID, until: secondsNow() + s.config.maxStale.Seconds()}
	if !changed {
		atHand.byHead = s.atHand.Load().(*keysAtHand).byHead
	}
	s.set = set
	s.good = time.Now()
	s.atHand.Store(atHand)
	return changed
}

// learnHead remembers the header of a good token, where it means one key that is still
// there.
func (s *keySource) learnHead(head string, known *knownHead) {
	s.mu.Lock()
	defer s.mu.Unlock()
	present := s.atHand.Load().(*keysAtHand)
	if present.byHead[head] != nil {
		return
	}
	keys := present.byKeyID[known.header.keyID]
	if len(keys) != 1 || keys[0] != known.key || len(present.byHead) >= maxHeadsKnown {
		return
	}
	byHead := map[string]*knownHead{head: known}
	for other, former := range present.byHead {
		byHead[other] = former
	}
	s.atHand.Store(&keysAtHand{byKeyID: present.byKeyID, byHead: byHead, until: present.until})
}

// lookup returns the keys that a token header means. It waits for a fetch only
// where there are no keys at all or none for the kid and alg, and never longer than
// the fetch's time limit or ctx. ours is asked before a fetch for an unknown key: a
// token of another issuer is not worth one. The reason is "" when keys came back.
func (s *keySource) lookup(ctx context.Context, h *joseHeader, ours func() bool) ([]*key, string) {
	set := s.usable()
	if set != nil && set.serves(h) {
		return found(set, h)
	}
	if !ours() {
		return nil, reasonIssuer
	}
	// A fetch that has begun already may have asked before the key was there; then
	// there is one more.
	joined := true
	for tries := 0; joined && tries < 2; tries++ {
		s.mu.Lock()
		set = s.usableLocked()
		if set != nil && set.serves(h) {
			s.mu.Unlock()
			return found(set, h) // fetched in the meantime
		}
		call := s.inflight
		joined = call != nil
		if call == nil && time.Since(s.asked) >= s.config.minRefresh {
			s.asked = time.Now()
			call = s.fetchLocked()
		}
		s.mu.Unlock()
		if call != nil {
			await(ctx, call, s.config.timeout)
		}
	}
	set = s.usable()
	if set == nil {
		return nil, reasonKeysUnavailable
	}
	return found(set, h)
}

// usable returns the present keys, nil if there are none or they are too old.
func (s *keySource) usable() *keySet {
	s.mu.Lock()
	set := s.usableLocked()
	s.mu.Unlock()
	return set
}

func found(set *keySet, h *joseHeader) ([]*key, string) {
	keys := set.find(h)
	if len(keys) > 0 {
		return keys, ""
	}
	if !h.hasKeyID && !set.oneKey() {
		return nil, reasonMissingKeyID
	}
	if h.hasKeyID && len(set.byID[h.kid]) == 0 {
		return nil, reasonUnknownKey
	}
	return nil, reasonKeyMismatch
}

// await waits for a fetch, for the caller's own end, or for the time limit. Not by
// select: in the interpreter all goroutines in one select statement share its cases,
// and a waiter may wake for another's reasons.
func await(ctx context.Context, call *fetchCall, limit time.Duration) {
	waiting, end := context.WithTimeout(ctx, limit)
	stop := context.AfterFunc(call.over, end)
	<-waiting.Done()
	stop()
	end()
}

// retryAfter is how long a client should wait when there are no keys.
func (s *keySource) retryAfter() time.Duration {
	s.mu.Lock()
	wait := s.config.minRefresh - time.Since(s.asked)
	s.mu.Unlock()
	if wait < time.Second {
		return time.Second
	}
	return wait
}

// fetchLocked starts a fetch. The caller holds mu and has seen none in flight.
func (s *keySource) fetchLocked() *fetchCall {
	if s.stopped {
		return nil
	}
	if s.timer != nil {
		s.timer.Stop()
	}
	over, finish := context.WithCancel(context.Background())
	call := &fetchCall{over: over, finish: finish}
	s.inflight = call
	go s.runFetch(call, s.notPastStaleLocked(s.config.timeout))
	return call
}

// notPastStaleLocked is a wait cut short at the moment when the keys become too old: a
// fetch's end is when they are dropped, and with them the tokens they vouch for.
func (s *keySource) notPastStaleLocked(wait time.Duration) time.Duration {
	if s.set != nil {
		left := s.config.maxStale - time.Since(s.good)
		if left > 0 && left < wait {
			return left + time.Millisecond
		}
	}
	return wait
}

// runFetch fetches once within limit, files the result and sets the timer for the
// next.
func (s *keySource) runFetch(call *fetchCall, limit time.Duration) {
	var set *keySet
	err := errors.New("fetch ended by a panic")
	defer func() {
		r := recover()
		if r != nil {
			s.log.Error("fetch of keys: unexpected panic", "panic", fmt.Sprint(r))
		}
		s.finish(call, set, err)
	}()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	set, err = s.fetch(ctx)
	cancel()
}

// finish takes a fetch's result in, wakes those who wait, and drops tokens whose
// keys have gone.
func (s *keySource) finish(call *fetchCall, set *keySet, err error) {
	s.mu.Lock()
	first := s.set == nil || s.preloaded
	recovered := s.failures > 0
	changed := false
	var wait time.Duration
	if err == nil {
		changed = s.take(set)
		s.failures = 0
		s.preloaded = false
		wait = earlier(s.config.refresh)
	} else {
		s.failures++
		wait = s.backoffLocked()
		if s.set != nil && time.Since(s.good) > s.config.maxStale {
			s.set = nil
			s.atHand.Store(&keysAtHand{})
			changed = true
		}
	}
	kept := s.set != nil
	s.inflight = nil
	watchers := make([]func(), 0, len(s.watchers))
	for _, watcher := range s.watchers {
		watchers = append(watchers, watcher)
	}
	if !s.stopped {
		s.timer = time.AfterFunc(wait, s.tick)
	}
	s.mu.Unlock()
	call.finish()

	if changed {
		for _, watcher := range watchers {
			watcher()
		}
	}
	switch {
	case err != nil && kept:
		s.log.Warn("fetch of keys failed; the last good keys stay", "error", err.Error(), "retryIn", wait.String())
	case err != nil:
		s.log.Error("fetch of keys failed, and there are none to fall back on", "error", err.Error(), "retryIn", wait.String())
	case first || recovered || changed:
		s.log.Info("keys fetched", "keys", len(set.keys))
	}
}

// tick runs when the timer fires.
func (s *keySource) tick() {
	defer func() {
		if r := recover(); r != nil {
			s.log.Error("refresh of keys: unexpected panic", "panic", fmt.Sprint(r))
		}
	}()
	s.mu.Lock()
	if s.inflight == nil {
		s.fetchLocked()
	}
	s.mu.Unlock()
}

// backoffLocked is how long to wait after failures: from minRefresh, doubled each
// time, up to refresh; and never past the moment when the keys become too old.
func (s *keySource) backoffLocked() time.Duration {
	wait := s.config.minRefresh
	for i := 1; i < s.failures && wait < s.config.refresh; i++ {
		wait *= 2
	}
	if wait > s.config.refresh {
		wait = s.config.refresh
	}
	return s.notPastStaleLocked(earlier(wait))
}

// earlier takes up to a tenth off, so that replicas do not ask all at once.
func earlier(d time.Duration) time.Duration {
	return d - time.Duration(rand.Int63n(int64(d)/10+1))
}

func sameKeys(a, b *keySet) bool {
	if a == nil || b == nil || len(a.fingerprints) != len(b.fingerprints) {
		return false
	}
	for fingerprint := range a.fingerprints {
		if !b.fingerprints[fingerprint] {
			return false
		}
	}
	return true
}

// fetch asks the issuer for its keys, and before that for their address where it is
// not known or has failed.
func (s *keySource) fetch(ctx context.Context) (*keySet, error) {
	err := s.trust()
	if err != nil {
		// The file was good at the start; a broken one must not take the keys away.
		s.log.Warn("the certificate authorities stay as they were", "error", err.Error())
	}
	address := s.config.jwksURL
	if address == "" {
		if s.address == "" || s.failing {
			discovered, err := s.discover(ctx)
			if err != nil && s.address == "" {
				return nil, err
			}
			if err == nil {
				s.address = discovered
			}
		}
		address = s.address
	}
	text, err := s.get(ctx, address)
	if err != nil {
		s.failing = true
		return nil, fmt.Errorf("fetch jwks: %w", err)
	}
	set, skipped, err := parseKeySet(text)
	if err != nil {
		s.failing = true
		return nil, err
	}
	s.failing = false
	s.report(skipped)
	return set, nil
}

// discover reads the issuer's metadata (OpenID Connect Discovery 1.0 section 4,
// RFC 8414 section 3.3) and returns the address of its keys.
func (s *keySource) discover(ctx context.Context) (string, error) {
	from := s.config.discoveryURL
	if from == "" {
		from = strings.TrimSuffix(s.config.issuer, "/") + "/.well-known/openid-configuration"
	}
	text, err := s.get(ctx, from)
	if err != nil {
		return "", fmt.Errorf("discovery: %w", err)
	}
	var document map[string]json.RawMessage
	if err := json.Unmarshal(text, &document); err != nil {
		return "", fmt.Errorf("discovery: %s is not a JSON object", from)
	}
	var issuer, address string
	if err := json.Unmarshal(document["issuer"], &issuer); err != nil || issuer != s.config.issuer {
		return "", fmt.Errorf("discovery: %s names issuer %q, want exactly %q", from, issuer, s.config.issuer)
	}
	if err := json.Unmarshal(document["jwks_uri"], &address); err != nil || address == "" {
		return "", fmt.Errorf("discovery: %s names no jwks_uri", from)
	}
	err = s.checkKeyAddress(address, from)
	if err != nil {
		return "", err
	}
	return address, nil
}

// checkKeyAddress refuses a jwks_uri that leads elsewhere: whoever can alter a
// discovery document must not be able to name any host.
func (s *keySource) checkKeyAddress(address, from string) error {
	target, err := url.Parse(address)
	if err != nil || (target.Scheme != "https" && target.Scheme != "http") || target.Host == "" || target.User != nil {
		return fmt.Errorf("discovery: jwks_uri %q is no http(s) address", address)
	}
	source, err := url.Parse(from)
	if err != nil {
		return fmt.Errorf("discovery: %q is no address", from)
	}
	issuer, err := url.Parse(s.config.issuer)
	if err != nil {
		return fmt.Errorf("discovery: %q is no address", s.config.issuer)
	}
	if source.Scheme == "https" && target.Scheme != "https" {
		return fmt.Errorf("discovery: jwks_uri %q is not https while the document's address is", address)
	}
	if !sameHost(target, source) && !sameHost(target, issuer) {
		return fmt.Errorf("discovery: jwks_uri %q is on another host than %q and the issuer; if that is right, set jwksUrl", address, from)
	}
	return nil
}

func sameHost(a, b *url.URL) bool {
	return strings.EqualFold(a.Hostname(), b.Hostname()) && portOf(a) == portOf(b)
}

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}

// get fetches a small JSON document.
func (s *keySource) get(ctx context.Context, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "traefik-authproxy")
	response, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxJWKSBytes+1))
	_ = response.Body.Close() // all that is wanted has been read
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", address, err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("get %s: status %d, want 200", address, response.StatusCode)
	}
	if len(text) > maxJWKSBytes {
		return nil, fmt.Errorf("get %s: larger than %d bytes", address, maxJWKSBytes)
	}
	return text, nil
}

// report says once of each skipped key why it is not used.
func (s *keySource) report(skipped []skippedKey) {
	for _, skip := range skipped {
		id := skip.kid + " " + skip.reason
		if s.reported[id] || len(s.reported) >= 1000 {
			continue
		}
		s.reported[id] = true
		switch {
		case skip.secret:
			s.log.Warn("the issuer publishes secret key material; the key is not used", "kid", skip.kid, "reason", skip.reason)
		case skip.usual:
			s.log.Debug("key skipped", "kid", skip.kid, "reason", skip.reason)
		default:
			s.log.Warn("key skipped", "kid", skip.kid, "reason", skip.reason)
		}
	}
}

// watch has a function called, under no lock, whenever keys have gone.
//
// It is a function, not the cache itself: the interpreter fails on struct types
// that lead back to themselves.
func (s *keySource) watch(id string, watcher func()) {
	s.mu.Lock()
	s.watchers[id] = watcher
	s.mu.Unlock()
}

func (s *keySource) unwatch(id string) {
	s.mu.Lock()
	delete(s.watchers, id)
	s.mu.Unlock()
}
