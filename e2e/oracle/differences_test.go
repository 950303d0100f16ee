package oracle

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

var update = flag.Bool("update", false, "write DIFFERENCES.md anew")

// TestDifferencesAreListed keeps DIFFERENCES.md in step with the code.
func TestDifferencesAreListed(t *testing.T) {
	want := list()
	if *update {
		if err := os.WriteFile("DIFFERENCES.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("DIFFERENCES.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("DIFFERENCES.md is not what the code says; write it anew with go test ./oracle -run TestDifferencesAreListed -update")
	}
}

func list() string {
	var out strings.Builder
	out.WriteString("# Where the plugin and go-jose are meant to disagree\n\n" +
		"The fuzz tests of this package hold the plugin's verdict against go-jose's and let nothing else pass.\n" +
		"Written by `go test ./oracle -run TestDifferencesAreListed -update`; a test keeps it in step.\n\n" +
		"## Tokens that go-jose may accept and the plugin refuses\n\n")
	for _, d := range stricter {
		fmt.Fprintf(&out, "- **%s.** %s\n", d.name, d.what)
	}
	out.WriteString("\n## Tokens that go-jose refuses and the plugin may accept\n\n")
	for _, d := range looser {
		fmt.Fprintf(&out, "- **%s.** %s\n", d.name, d.what)
	}
	out.WriteString("\n## Keys that go-jose reads and the plugin leaves aside\n\n")
	for _, d := range memberDifferences {
		fmt.Fprintf(&out, "- **%s.** %s\n", d.name, d.what)
	}
	out.WriteString("\n## Keys that go-jose refuses and the plugin may use\n\n")
	fmt.Fprintf(&out, "- **%s.** %s\n", unreadCertificates.name, unreadCertificates.what)
	return out.String()
}

// TestDifferencesMatter looks for a seed behind each difference: a token, or a
// key, on which the two do disagree for that reason alone.
func TestDifferencesMatter(t *testing.T) {
	alone := map[string]bool{}
	for _, e := range seeds(t, "FuzzToken") {
		token, ok := tokenInput{e.text(0), e.text(1), e.args[2].(uint8), e.args[3].(uint16), e.text(4)}.token()
		if !ok {
			continue
		}
		v := look(token)
		err := judge(token)
		if names := applying(stricter, v); err == nil && len(names) == 1 {
			alone[names[0]] = true
		}
		if names := applying(looser, v); err != nil && len(names) == 1 && len(applying(stricter, v)) == 0 && judgeUnread(token) == nil {
			alone[names[0]] = true
		}
	}
	for _, e := range seeds(t, "FuzzKeySet") {
		for _, member := range members(e.text(0)) {
			var jwk jose.JSONWebKey
			if jwk.UnmarshalJSON(member) != nil && jwk.UnmarshalJSON(withoutCertificates(member)) == nil {
				alone[unreadCertificates.name] = true
			}
			if names := applyingTo(member); len(names) == 1 && jwk.UnmarshalJSON(member) == nil {
				alone[names[0]] = true
			}
		}
	}
	for _, d := range append(append([]difference(nil), stricter...), looser...) {
		if !alone[d.name] {
			t.Errorf("no seed shows %q", d.name)
		}
	}
	for _, d := range append(slices.Clone(memberDifferences), unreadCertificates) {
		if !alone[d.name] {
			t.Errorf("no seed shows %q", d.name)
		}
	}
}
