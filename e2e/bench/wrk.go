package bench

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// wrk drives the wrk program with a script.
type wrk struct {
	path        string
	connections int
}

// wrkScript takes the requests from a file, a line each: the path, a tab, the
// Authorization header. It prints what was served on one line.
//
//go:embed wrk.lua
var wrkScript []byte

func (w *wrk) name() string {
	// wrk tells its version in the first line and fails, as there is no URL.
	out, _ := exec.Command(w.path, "-v").Output()
	words := strings.Fields(string(out))
	if len(words) < 2 {
		return "wrk"
	}
	return words[0] + " " + words[1]
}

func (w *wrk) run(ctx context.Context, base string, requests []request, status int, d time.Duration) (served, error) {
	dir, err := os.MkdirTemp("", "traefik-authproxy-wrk-")
	if err != nil {
		return served{}, err
	}
	defer os.RemoveAll(dir)
	var list bytes.Buffer
	for _, r := range requests {
		fmt.Fprintf(&list, "%s\t%s\n", r.path, r.authorization)
	}
	script, file := filepath.Join(dir, "wrk.lua"), filepath.Join(dir, "requests")
	if err := os.WriteFile(script, wrkScript, 0o644); err != nil {
		return served{}, err
	}
	if err := os.WriteFile(file, list.Bytes(), 0o644); err != nil {
		return served{}, err
	}
	args := []string{
		"-t1", "--timeout", "20s", "-c" + strconv.Itoa(w.connections), "-d" + strconv.Itoa(max(1, int(d.Round(time.Second)/time.Second))) + "s",
		"-s", script,
	}
	for name, value := range headers {
		args = append(args, "-H", name+": "+value)
	}
	args = append(args, base+requests[0].path, "--", file, strconv.Itoa(status))
	cmd := exec.CommandContext(ctx, w.path, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return served{}, fmt.Errorf("wrk: %w: %s%s", err, stderr.String(), out)
	}
	result, err := parseWrk(string(out))
	result.detail = strings.TrimSpace(stderr.String())
	return result, err
}

// parseWrk reads the script's line: requests, wrong answers, and in
// microseconds the time it took, the median and the 99th percentile.
func parseWrk(out string) (served, error) {
	for line := range strings.Lines(out) {
		rest, ok := strings.CutPrefix(line, "served ")
		if !ok {
			continue
		}
		var s served
		var elapsed, p50, p99 float64
		if _, err := fmt.Sscan(rest, &s.requests, &s.wrong, &elapsed, &p50, &p99); err != nil {
			return served{}, fmt.Errorf("wrk: read %q: %w", line, err)
		}
		if s.requests == 0 {
			return served{}, fmt.Errorf("wrk: no request was answered")
		}
		s.elapsed, s.p50, s.p99 = micros(elapsed), micros(p50), micros(p99)
		return s, nil
	}
	return served{}, fmt.Errorf("wrk: no result in %q", out)
}

func micros(n float64) time.Duration { return time.Duration(n * float64(time.Microsecond)) }
