package authproxy

import (
	"encoding/json"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
)

// All messages are JSON lines on the process's standard output. Traefik shows what
// a plugin prints by other means only at its levels DEBUG or ERROR.

// processLevel is the most talkative level that any middleware asked for; what
// belongs to none of them alone, such as an issuer's keys, is logged at it.
var processLevel = newProcessLevel()

func newProcessLevel() *slog.LevelVar {
	level := &slog.LevelVar{}
	level.Set(slog.LevelError)
	return level
}

var processLog = slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{Level: processLevel}))

// logLevels are the values of logLevel.
var logLevels = map[string]slog.Level{
	"":      slog.LevelInfo,
	"debug": slog.LevelDebug,
	"info":  slog.LevelInfo,
	"warn":  slog.LevelWarn,
	"error": slog.LevelError,
}

// newLogger makes the logger of one middleware.
func newLogger(middleware string, level slog.Level) *slog.Logger {
	if level < processLevel.Level() {
		processLevel.Set(level)
	}
	handler := slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{Level: level})
	return slog.New(handler).With("middleware", middleware)
}

// onceLog says each thing once, and at most a hundred things.
type onceLog struct {
	mu   sync.Mutex
	said map[string]bool
}

func (o *onceLog) warn(id, message string, args ...interface{}) {
	o.mu.Lock()
	known := o.said[id]
	if !known && len(o.said) < 100 {
		if o.said == nil {
			o.said = map[string]bool{}
		}
		o.said[id] = true
	}
	o.mu.Unlock()
	if !known {
		processLog.Warn(message, args...)
	}
}

// maxLogField is the longest foreign text in a log line, in bytes.
const maxLogField = 256

// clip shortens foreign text for the log; the JSON encoder escapes it.
func clip(text string) string {
	if len(text) <= maxLogField {
		return text
	}
	return strings.ToValidUTF8(text[:maxLogField], "") + "…"
}

// decisionLine is one line of the decision log. Its fields are documented in
// docs/decision-log.md and stay as they are.
type decisionLine struct {
	Time       string `json:"time"`
	Level      string `json:"level"`
	Message    string `json:"msg"`
	Middleware string `json:"middleware"`
	Host       string `json:"host"`
	Method     string `json:"method"`
	Path       string `json:"path"`
	Rule       string `json:"rule"`
	Outcome    string `json:"outcome"`
	Reason     string `json:"reason"`
	Status     int    `json:"status,omitempty"`
	Subject    string `json:"sub,omitempty"`
	Party      string `json:"azp,omitempty"`
	KeyID      string `json:"kid,omitempty"`
	Mode       string `json:"mode"`
	Cached     bool   `json:"cached"`
	LeftOut    int    `json:"leftOut,omitempty"`
}

// decisionsPerSecond is how many refusals of one reason are logged each second; the
// rest is counted. What an attacker can cause must not fill a disk.
const decisionsPerSecond = 50

// decisionLimiter counts refusals by reason, for the whole process.
type decisionLimiter struct {
	mu      sync.Mutex
	windows map[string]*decisionWindow
}

type decisionWindow struct {
	second  int64
	lines   int
	leftOut int
}

var decisions = &decisionLimiter{windows: map[string]*decisionWindow{}}

// admit tells how many lines of a reason were left out since the last one, or -1
// where the next one must be left out, too.
//
// It is a function, not a method, whose call takes the interpreter thrice as long.
func admit(l *decisionLimiter, reason string) int {
	second := time.Now().Unix()
	leftOut := -1
	l.mu.Lock()
	window := l.windows[reason]
	if window == nil {
		window = &decisionWindow{}
		l.windows[reason] = window
	}
	if second != window.second {
		window.second = second
		window.lines = 0
	}
	if window.lines < decisionsPerSecond {
		window.lines++
		leftOut = window.leftOut
		window.leftOut = 0
	} else {
		window.leftOut++
		if window.leftOut == 1 {
			// Said also when no further line comes to say it with.
			time.AfterFunc(2*time.Second, flushLeftOut(l, reason))
		}
	}
	l.mu.Unlock()
	return leftOut
}

// flushLeftOut returns what says how many lines of a reason were left out, if that
// has not been said by then.
func flushLeftOut(l *decisionLimiter, reason string) func() {
	return func() {
		defer func() {
			_ = recover() // a goroutine's panic would end Traefik; here only a count is lost
		}()
		l.mu.Lock()
		leftOut := l.windows[reason].leftOut
		l.windows[reason].leftOut = 0
		l.mu.Unlock()
		if leftOut > 0 {
			writeDecision(decisionLine{Level: "INFO", Message: "decisions left out", Reason: reason, LeftOut: leftOut}, time.Now())
		}
	}
}

func writeDecision(line decisionLine, now time.Time) {
	line.Time = now.Format(time.RFC3339Nano)
	text, err := json.Marshal(line)
	if err != nil {
		return
	}
	// One write a line, so that lines of several goroutines do not mix.
	_, _ = os.Stdout.Write(append(text, '\n'))
}
