package authproxy

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// watchEvery is how often a role mapping file is read. Reading is the only way that
// sees every kind of change: an editor's rename, Kubernetes' swap of a symlink, a
// write that keeps size and time.
const watchEvery = time.Second

// watchedMapping is a role mapping file that is read again when it changes, shared
// by all middlewares that name it. A broken version keeps the last good rules.
type watchedMapping struct {
	path string

	mu       sync.Mutex
	text     []byte // of the last version seen
	failure  string // why it could not be read, "" if it could
	problems []string
	sources  []ruleSource // of the last good version
	version  int          // counts good versions; 0: none yet
	readers  []*mappingReader
	timer    *time.Timer
	stopped  bool
}

// mappingReader is a middleware that follows a file.
type mappingReader struct {
	own     []ruleSource // what its configuration says beside the file
	options policyOptions
	routes  *routeTable
	log     *slog.Logger
}

// newWatchedMapping reads the file for the first time and goes on reading it.
func newWatchedMapping(path string) *watchedMapping {
	m := &watchedMapping{path: path}
	m.mu.Lock()
	m.read()
	m.timer = time.AfterFunc(watchEvery, m.tick)
	m.mu.Unlock()
	return m
}

// present returns the rules of the last good version, and problems where there has
// been none.
func (m *watchedMapping) present() ([]ruleSource, int, []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.version == 0 {
		// It may have been mended since the last look.
		m.read()
	}
	if m.version == 0 {
		return nil, 0, m.problems
	}
	return m.sources, m.version, nil
}

// read takes the file's present version in and reports whether there is a new good
// one. The caller holds mu.
func (m *watchedMapping) read() bool {
	text, err := readLimited(m.path, maxMappingBytes)
	found := &findings{}
	if err != nil {
		if err.Error() == m.failure {
			return false
		}
		m.failure = err.Error()
		m.text = nil
		found.problem("roleMappingFile", "%s", m.failure)
		m.problems = found.problems
		return false
	}
	if m.failure == "" && m.text != nil && bytes.Equal(text, m.text) {
		return false
	}
	m.failure = ""
	m.text = text
	sources := parseMapping(m.path, text, found)
	if len(found.problems) == 0 {
		// What only the compiler sees, such as a path without its "/".
		compilePolicy(sources, policyOptions{}, found)
	}
	if len(found.problems) > 0 {
		m.problems = nil
		for _, problem := range found.problems {
			m.problems = append(m.problems, "roleMappingFile: "+problem)
		}
		return false
	}
	m.problems = nil
	m.sources = sources
	m.version++
	return true
}

// tick looks at the file and passes a new version on.
func (m *watchedMapping) tick() {
	defer func() {
		r := recover()
		if r != nil {
			processLog.Error("role mapping: unexpected panic", "file", m.path, "panic", fmt.Sprint(r))
		}
		m.rearm()
	}()
	m.mu.Lock()
	seen := m.text
	failure := m.failure
	changed := m.read()
	newlyBroken := !changed && len(m.problems) > 0 && (failure != m.failure || !bytes.Equal(seen, m.text))
	problems := m.problems
	sources := m.sources
	readers := append([]*mappingReader{}, m.readers...)
	m.mu.Unlock()

	if newlyBroken {
		processLog.Error("role mapping is broken; the last good one stays", "file", m.path, "error", strings.Join(problems, "; "))
	}
	if changed {
		for _, reader := range readers {
			reader.take(m.path, sources)
		}
	}
}

// rearm sets the timer for the next look.
func (m *watchedMapping) rearm() {
	m.mu.Lock()
	if !m.stopped {
		m.timer = time.AfterFunc(watchEvery, m.tick)
	}
	m.mu.Unlock()
}

// take puts a new version of the file into force, unless it contradicts what the
// configuration says beside it.
func (rd *mappingReader) take(path string, inFile []ruleSource) {
	found := &findings{}
	sources := append(append([]ruleSource{}, rd.own...), inFile...)
	po := compilePolicy(sources, rd.options, found)
	if len(found.problems) > 0 {
		rd.log.Error("role mapping contradicts the configuration; the last good policy stays", "file", path, "error", strings.Join(found.problems, "; "))
		return
	}
	lintPrefixes(po, found)
	for _, warning := range found.warnings {
		rd.log.Warn(warning)
	}
	rd.routes.replace(po)
	rd.log.Info("role mapping taken", "file", path, "rules", len(sources))
}

// add makes a reader follow the file. seen is the version that it was made with; a
// newer one is passed on at once.
func (m *watchedMapping) add(reader *mappingReader, seen int) {
	m.mu.Lock()
	m.readers = append(m.readers, reader)
	sources := m.sources
	version := m.version
	m.mu.Unlock()
	if version != seen {
		reader.take(m.path, sources)
	}
}

func (m *watchedMapping) remove(reader *mappingReader) {
	m.mu.Lock()
	var rest []*mappingReader
	for _, other := range m.readers {
		if other != reader {
			rest = append(rest, other)
		}
	}
	m.readers = rest
	m.mu.Unlock()
}

func (m *watchedMapping) stop() {
	m.mu.Lock()
	m.stopped = true
	m.timer.Stop()
	m.mu.Unlock()
}
