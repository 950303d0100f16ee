package catalog

import (
	"fmt"
	"strings"

	"github.com/labs64/traefik-authproxy/e2e/layout"
)

// Install is the part of a release's notes that says how to install exactly
// this archive. repository is the OWNER/NAME under which it is published;
// empty is the module's own. The catalog takes a module only from the
// repository of its name, and case counts, so for any other one the notes say
// just that.
func Install(a Archive, version, repository string) string {
	if own := strings.TrimPrefix(layout.Module, "github.com/"); repository != "" && repository != own {
		return fmt.Sprintf("The plugin catalog does not have this release: it takes the module `%s` from the repository `%s` only, and this one is `%s`. Install it in local mode.\n",
			layout.Module, own, repository)
	}
	return fmt.Sprintf("```yaml\n"+`experimental:
  abortOnPluginFailure: true
  plugins:
    authproxy:
      moduleName: %s
      version: %s
      hash: %s
`+"```\n\nThe hash is the SHA-256 of the archive that GitHub serves for this tag, which is attached. Where Traefik says `invalid hash for plugin`, the archive was packed anew; its message names the hash that it got.\n",
		layout.Module, version, a.Hash())
}
