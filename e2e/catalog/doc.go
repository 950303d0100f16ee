// Package catalog does with the plugin what Traefik's plugin catalog does with
// it, on loopback: Pack makes the archive that the catalog hands out of a
// release, Check looks at it as the catalog's analyzer does, and Registry
// serves it to a Traefik that installs the plugin by itself.
//
// The catalog takes the sources of a plugin that requires other modules from
// the zip that GitHub makes of the tag: the Go module proxy's has no vendor/.
// So what .gitattributes exports is what Traefik runs.
package catalog
