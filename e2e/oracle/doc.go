// Package oracle fuzzes the plugin against second opinions: go-jose for
// signatures and claims, go-jose's own reading of key sets, and a reader of
// claims that shares nothing with the plugin's.
//
// The plugin is asked through its handler, as Traefik asks it. Its verdict and
// the oracle's must be the same, apart from the intended differences, which
// DIFFERENCES.md lists: no fuzz test lets any other pass.
//
//	go test ./oracle                                    seeds and finds, compiled and interpreted
//	go test ./oracle -run '^$' -fuzz '^FuzzToken$'      look for more
//
// What a fuzz test finds lies in testdata/fuzz, beside the seeds. Each of
// these, and what go's cache of earlier runs holds, is replayed in the
// interpreter, where the answer must be the same to the byte.
//
// The tests also run the published examples of RFC 7515, RFC 7520 and RFC 8037
// (testdata/rfc at the top of the repository) through the plugin in both ways.
package oracle
