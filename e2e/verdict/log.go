package verdict

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// tail reads what a process writes into a file, from where it stopped last.
// The plugin writes its lines before it answers, so they are there when the
// answer is.
type tail struct {
	file   string
	offset int64
}

// skip forgets what was written so far.
func (t *tail) skip() error {
	info, err := os.Stat(t.file)
	if err == nil {
		t.offset = info.Size()
	}
	return err
}

// next returns what was written since.
func (t *tail) next() (string, error) {
	f, err := os.Open(t.file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.NewSectionReader(f, t.offset, 1<<20))
	t.offset += int64(len(text))
	return string(text), err
}

// reason returns the reason word of the line that says why a token was
// refused, or nothing. It is an error when a line is no JSON, when there are
// two such lines, and when a line holds the secret.
func (t *tail) reason(secret string) (string, error) {
	text, err := t.next()
	if err != nil {
		return "", err
	}
	if len(secret) > 20 && strings.Contains(text, secret) {
		return "", fmt.Errorf("the token's signature is in the log: %s", text)
	}
	reason := ""
	for line := range strings.Lines(text) {
		var entry struct{ Msg, Reason string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			return "", fmt.Errorf("a line of the log is no JSON: %q", line)
		}
		if entry.Msg != "token refused" {
			continue
		}
		if reason != "" {
			return "", fmt.Errorf("the log gives two reasons: %s", text)
		}
		reason = entry.Reason
	}
	return reason, nil
}

// captureStdout lets this process's standard output go into a file until
// Close: the compiled and the interpreted plugin write their lines there.
func (s *Site) captureStdout() error {
	f, err := os.Create(filepath.Join(s.dir, "stdout.log"))
	if err != nil {
		return err
	}
	original := os.Stdout
	os.Stdout = f
	s.stdout = &tail{file: f.Name()}
	s.close = append(s.close, func() error {
		os.Stdout = original
		return f.Close()
	})
	return nil
}
