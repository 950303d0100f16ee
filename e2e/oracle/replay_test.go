package oracle

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/labs64/traefik-authproxy/e2e/host"
	"github.com/labs64/traefik-authproxy/e2e/layout"
)

// entry is one input of a fuzz test: a seed, a find, or what an earlier run
// left in go's cache.
type entry struct {
	file string
	args []any
}

func (e entry) text(n int) string { return e.args[n].(string) }

// entries reads what there is for a fuzz test. Of the cache, which grows with
// every run, it takes the first thousands.
func entries(t *testing.T, target string) []entry {
	t.Helper()
	out, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	cached, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(out)), "fuzz", "github.com/labs64/traefik-authproxy/e2e/oracle", target, "*"))
	if err != nil {
		t.Fatal(err)
	}
	const most = 3000
	return append(seeds(t, target), read(t, cached[:min(len(cached), most)])...)
}

// seeds reads what testdata has for a fuzz test: the same on every machine.
func seeds(t *testing.T, target string) []entry {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "fuzz", target, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("testdata/fuzz/%s is empty", target)
	}
	return read(t, files)
}

func read(t *testing.T, files []string) []entry {
	t.Helper()
	var all []entry
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		e, err := parseEntry(string(text))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		e.file = file
		all = append(all, e)
	}
	return all
}

// parseEntry reads a corpus file, whose form "go help testflag" describes.
func parseEntry(text string) (entry, error) {
	var e entry
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if lines[0] != "go test fuzz v1" {
		return e, fmt.Errorf("no corpus file: %q", lines[0])
	}
	for _, line := range lines[1:] {
		kind, value, ok := strings.Cut(strings.TrimSuffix(line, ")"), "(")
		if !ok {
			return e, fmt.Errorf("no value: %q", line)
		}
		var arg any
		var err error
		switch kind {
		case "string":
			arg, err = strconv.Unquote(value)
		case "byte", "uint8":
			arg, err = byteOf(value)
		case "uint16":
			var n uint64
			n, err = strconv.ParseUint(value, 0, 16)
			arg = uint16(n)
		default:
			err = fmt.Errorf("unknown type %s", kind)
		}
		if err != nil {
			return e, fmt.Errorf("%q: %w", line, err)
		}
		e.args = append(e.args, arg)
	}
	return e, nil
}

// byteOf reads a byte as a number or as a rune literal.
func byteOf(value string) (uint8, error) {
	if strings.HasPrefix(value, "'") {
		r, _, _, err := strconv.UnquoteChar(strings.Trim(value, "'"), '\'')
		if value == `'\''` {
			r, err = '\'', nil
		}
		return uint8(r), err
	}
	n, err := strconv.ParseUint(value, 0, 8)
	return uint8(n), err
}

// interpreter loads the plugin of this checkout as Traefik does.
func interpreter(t *testing.T) *host.Plugin {
	t.Helper()
	checkout, err := layout.Checkout()
	if err != nil {
		t.Fatal(err)
	}
	p, err := host.Interpreted(checkout, io.Discard, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestReplay asks the interpreted plugin what the fuzz tests ask the compiled
// one. Both must answer the same.
func TestReplay(t *testing.T) {
	interpreted := interpreter(t)
	good := freshToken(t)
	for _, target := range []struct {
		name string
		site func(opener) (*site, error)
		// requests are the Authorization values of each request in turn.
		requests func(entry) [][]string
	}{
		{"FuzzToken", plainSite, func(e entry) [][]string {
			token, ok := tokenInput{e.text(0), e.text(1), e.args[2].(uint8), e.args[3].(uint16), e.text(4)}.token()
			if !ok {
				return nil
			}
			return [][]string{{"Bearer " + token}}
		}},
		{"FuzzBearer", bearerSite, func(e entry) [][]string {
			values := headerValues(e.text(0), e.text(1), good)
			return [][]string{values, values}
		}},
		{"FuzzClaims", claimsSite, func(e entry) [][]string {
			return [][]string{{"Bearer " + claimsToken(e.text(0))}}
		}},
	} {
		t.Run(target.name, func(t *testing.T) {
			one := mustOpen(t, target.site)
			other, err := target.site(func(more string) (*site, error) { return openRealm(interpreted, more) })
			if err != nil {
				t.Fatal(err)
			}
			defer other.close()
			asked := 0
			for _, e := range entries(t, target.name) {
				for _, values := range target.requests(e) {
					a, b := one.ask(values...).String(), other.ask(values...).String()
					if a != b {
						t.Errorf("%s:\ncompiled    %s\ninterpreted %s", e.file, a, b)
					}
					asked++
				}
			}
			t.Logf("%d requests", asked)
		})
	}
	t.Run("FuzzKeySet", func(t *testing.T) {
		all := entries(t, "FuzzKeySet")
		for _, e := range all[:min(len(all), 1000)] {
			k := setKeys[int(e.args[2].(uint8))%len(setKeys)]
			token := setToken(k, e.text(1))
			var said []string
			for _, p := range []*host.Plugin{host.Compiled(), interpreted} {
				s, err := open(p, []byte(e.text(0)), anyRole)
				if err != nil {
					t.Fatal(err)
				}
				said = append(said, s.ask("Bearer "+token).String())
				s.close()
			}
			if said[0] != said[1] {
				t.Errorf("%s:\ncompiled    %s\ninterpreted %s", e.file, said[0], said[1])
			}
		}
		t.Logf("%d key sets", len(all))
	})
}
