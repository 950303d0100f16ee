package authproxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// registry holds what outlives a reload of Traefik's configuration: package
// variables of a plugin do. Equal settings share one entry at each level: a gate
// (a whole configuration), its verifier (how tokens are checked), the issuers' keys
// and the role mapping file.
type registry struct {
	mu        sync.Mutex
	gates     map[string]*gateEntry
	verifiers map[string]*verifier
	sources   map[string]*keySource
	mappings  map[string]*watchedMapping
	timer     *time.Timer
}

var shared = newRegistry()

func newRegistry() *registry {
	return &registry{
		gates:     map[string]*gateEntry{},
		verifiers: map[string]*verifier{},
		sources:   map[string]*keySource{},
		mappings:  map[string]*watchedMapping{},
	}
}

// gateEntry is a gate with those who use it.
type gateEntry struct {
	gate        *gate
	verifierKey string
	mapping     *watchedMapping // nil: no roleMappingFile
	reader      *mappingReader
	users       []context.Context // of New; Traefik ends one at the next reload
	idleSince   time.Time         // zero while in use
}

// An entry is dropped once every context of it has ended for idleTime: a reload
// ends the old ones before it asks for the same again, and a router may be away for
// a while without its keys going cold.
const (
	sweepEvery = time.Minute
	idleTime   = 15 * time.Minute
)

// join returns the gate of a configuration, compiled now or earlier.
func (g *registry) join(ctx context.Context, config *Config, name string) (*gate, error) {
	if ctx == nil {
		ctx = context.Background()
	}
	if config == nil {
		return nil, errors.New("authproxy: no configuration")
	}
	text, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("authproxy: %v", err)
	}
	key := name + "\x00" + string(text)
	g.mu.Lock()
	defer g.mu.Unlock()
	entry := g.gates[key]
	if entry == nil {
		if g.timer == nil {
			g.timer = time.AfterFunc(sweepEvery, g.sweep)
		}
		entry, err = g.compile(config, name)
		if err != nil {
			return nil, err
		}
		g.gates[key] = entry
	}
	entry.addUser(ctx)
	return entry.gate, nil
}

// addUser counts a context in. Now and then it drops those that have ended, so that
// the list stays as long as the routers are many.
func (e *gateEntry) addUser(ctx context.Context) {
	e.idleSince = time.Time{}
	if len(e.users) == cap(e.users) {
		e.dropEnded()
	}
	e.users = append(e.users, ctx)
}

func (e *gateEntry) dropEnded() {
	var live []context.Context
	for _, user := range e.users {
		if user.Err() == nil {
			live = append(live, user)
		}
	}
	e.users = append(make([]context.Context, 0, 2*len(live)+8), live...)
}

// compile checks a configuration and sets up what it needs. The caller holds mu.
func (g *registry) compile(config *Config, name string) (*gateEntry, error) {
	found := &findings{}
	checked := config.check(found)
	options := policyOptions{authenticated: config.Unmatched == unmatchedPassGood, fold: config.CaseInsensitivePaths}

	entry := &gateEntry{}
	mappingVersion := 0
	sources := checked.sources
	if config.RoleMappingFile != "" {
		entry.mapping = g.mapping(config.RoleMappingFile)
		inFile, version, problems := entry.mapping.present()
		mappingVersion = version
		found.problems = append(found.problems, problems...)
		sources = append(sources, inFile...)
	}
	po := compilePolicy(sources, options, found)
	if len(found.problems) > 0 {
		return nil, configError(found.problems)
	}
	lintPrefixes(po, found)

	level := logLevels[config.LogLevel]
	logger := newLogger(name, level)
	verifierKey, v, err := g.verifier(config, checked)
	if err != nil {
		return nil, configError([]string{err.Error()})
	}
	for _, warning := range found.warnings {
		logger.Warn(warning)
	}

	names := make([]string, 0, len(checked.identity))
	for _, id := range checked.identity {
		names = append(names, id.header)
	}
	answers := newAnswers(realmOf(checked.issuers[0].keys.issuer))
	entry.verifierKey = verifierKey
	entry.gate = &gate{
		name:                 name,
		verifier:             v,
		userID:               names[0],
		identity:             newIdentityHeaders(names, config.AllowPreflight),
		answers:              answers,
		refusals:             newRefusals(answers),
		log:                  logger,
		debug:                config.LogLevel == "debug",
		shadow:               config.Mode == modeShadow,
		mode:                 modeEnforce,
		forwardAuthorization: config.ForwardAuthorization,
		allowPreflight:       config.AllowPreflight,
		recalls:              v.cache != nil,
		headerOnly:           config.CookieName == "" && config.QueryParam == "",
		cookieName:           config.CookieName,
		queryParam:           config.QueryParam,
		logRefused:           config.DecisionLog != decisionsOff, // with logAll as well
		logAll:               config.DecisionLog == decisionsAll,
	}
	if entry.gate.shadow {
		entry.gate.mode = modeShadow
	}
	if entry.gate.hasWarmWay() {
		entry.gate.warm = newWarmTable(po)
		entry.gate.warm.cold = v.hasColdWay()
		if v.cache != nil {
			v.cache.attach(entry.gate.warm)
		}
	}
	entry.gate.routes = newRouteTable(po, entry.gate.warm)
	if entry.mapping != nil {
		entry.reader = &mappingReader{own: checked.sources, options: options, routes: entry.gate.routes, log: logger}
		entry.mapping.add(entry.reader, mappingVersion)
	}
	return entry, nil
}

// configError says all that is wrong at once.
func configError(problems []string) error {
	sort.Strings(problems)
	return errors.New("authproxy: " + strings.Join(problems, "; "))
}

// verifierSettings is all that two middlewares must agree on to share a verifier.
// Its JSON text is the key.
type verifierSettings struct {
	Issuers    []string
	Audiences  [][]string
	Clients    [][]string
	Algorithms map[string]bool
	Parties    map[string]bool
	Leeway     time.Duration
	MaxBytes   int
	Identity   []string
	RolesClaim [][]string
	RequireTyp bool
	SkipAud    bool
	CacheSize  int
}

// verifier returns the verifier of a checked configuration. The caller holds mu.
func (g *registry) verifier(config *Config, checked *checkedConfig) (string, *verifier, error) {
	settings := verifierSettings{
		Algorithms: checked.algorithms,
		Parties:    checked.parties,
		Leeway:     checked.leeway,
		MaxBytes:   checked.maxBytes,
		RolesClaim: config.RolesClaim,
		RequireTyp: config.RequireTyp,
		SkipAud:    config.SkipAudienceCheck,
		CacheSize:  config.TokenCacheSize,
	}
	for _, issuer := range checked.issuers {
		settings.Issuers = append(settings.Issuers, issuer.keys.id())
		settings.Audiences = append(settings.Audiences, issuer.audience)
		settings.Clients = append(settings.Clients, issuer.clientRoles)
	}
	for _, id := range checked.identity {
		settings.Identity = append(settings.Identity, id.header, id.claim)
	}
	text, err := json.Marshal(settings)
	if err != nil {
		return "", nil, err
	}
	key := string(text)
	if v := g.verifiers[key]; v != nil {
		return key, v, nil
	}

	v := &verifier{
		parties:    checked.parties,
		leeway:     checked.leeway.Seconds(),
		requireTyp: config.RequireTyp,
		skipAud:    config.SkipAudienceCheck,
		maxBytes:   checked.maxBytes,
		rolesClaim: config.RolesClaim,
		identity:   checked.identity,
		issuers:    map[string]*trustedIssuer{},
		further:    len(checked.identity) > 1,
		hints:      &onceLog{},
	}
	v.checks = map[string]func(signed string, signature []byte, key interface{}) error{}
	for algorithm := range checked.algorithms {
		v.checks[algorithm] = signatureChecks[algorithm]
	}
	v.atHand = &atomic.Value{}
	v.atHand.Store(&keysAtHand{})
	if config.TokenCacheSize > 0 {
		v.cache = newTokenCache(config.TokenCacheSize)
	}
	for _, issuer := range checked.issuers {
		source, err := g.source(issuer.keys)
		if err != nil {
			return "", nil, err
		}
		audience := map[string]bool{}
		for _, name := range issuer.audience {
			audience[name] = true
		}
		v.issuers[issuer.keys.issuer] = &trustedIssuer{
			issuer:      issuer.keys.issuer,
			keys:        source,
			audience:    audience,
			clientRoles: issuer.clientRoles,
		}
	}
	for _, issuer := range v.issuers {
		if len(v.issuers) == 1 {
			v.only = issuer
			v.atHand = issuer.keys.atHand
		}
		if v.cache != nil {
			issuer.keys.watch(key, forgetGoneIn(v.cache))
		}
		issuer.keys.start()
	}
	g.verifiers[key] = v
	return key, v, nil
}

// id names all that two configurations must agree on to share an issuer's keys.
func (c keySourceConfig) id() string {
	return fmt.Sprintf("%q %q %q %q %t %q %s %s %s %s", c.issuer, c.jwksURL, c.discoveryURL, c.caFile, c.insecure,
		c.preloadFile, c.timeout, c.refresh, c.minRefresh, c.maxStale)
}

// source returns the keys of an issuer, not yet started where they are new. The
// caller holds mu.
func (g *registry) source(config keySourceConfig) (*keySource, error) {
	id := config.id()
	source := g.sources[id]
	if source != nil {
		return source, nil
	}
	source, err := newKeySource(config)
	if err != nil {
		return nil, err
	}
	g.sources[id] = source
	return source, nil
}

// mapping returns the watch of a role mapping file. The caller holds mu.
func (g *registry) mapping(path string) *watchedMapping {
	m := g.mappings[path]
	if m == nil {
		m = newWatchedMapping(path)
		g.mappings[path] = m
	}
	return m
}

// sweep drops what no configuration has used for a while.
func (g *registry) sweep() {
	defer func() {
		if r := recover(); r != nil {
			processLog.Error("sweep: unexpected panic", "panic", fmt.Sprint(r))
		}
	}()
	g.mu.Lock()
	g.sweepLocked(time.Now())
	g.timer = nil
	if len(g.gates) > 0 || len(g.mappings) > 0 {
		g.timer = time.AfterFunc(sweepEvery, g.sweep)
	}
	g.mu.Unlock()
}

func (g *registry) sweepLocked(now time.Time) {
	verifiersInUse := map[*verifier]bool{}
	mappingsInUse := map[*watchedMapping]bool{}
	for key, entry := range g.gates {
		entry.dropEnded()
		if len(entry.users) == 0 {
			if entry.idleSince.IsZero() {
				entry.idleSince = now
			}
			if now.Sub(entry.idleSince) >= idleTime {
				delete(g.gates, key)
				if entry.mapping != nil {
					entry.mapping.remove(entry.reader)
				}
				if entry.gate.warm != nil && entry.gate.verifier.cache != nil {
					entry.gate.verifier.cache.detach(entry.gate.warm)
					entry.gate.warm.forget()
				}
				continue
			}
		}
		verifiersInUse[entry.gate.verifier] = true
		if entry.mapping != nil {
			mappingsInUse[entry.mapping] = true
		}
	}
	sourcesInUse := map[*keySource]bool{}
	for key, v := range g.verifiers {
		for _, issuer := range v.issuers {
			if verifiersInUse[v] {
				sourcesInUse[issuer.keys] = true
			} else {
				issuer.keys.unwatch(key)
			}
		}
		if !verifiersInUse[v] {
			delete(g.verifiers, key)
		}
	}
	for id, source := range g.sources {
		if !sourcesInUse[source] {
			source.stop()
			delete(g.sources, id)
		}
	}
	for path, mapping := range g.mappings {
		if !mappingsInUse[mapping] {
			mapping.stop()
			delete(g.mappings, path)
		}
	}
}
