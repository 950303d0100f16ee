// Package issuer is an OpenID Connect issuer on loopback that speaks
// Keycloak's dialect: discovery, certs and a token endpoint for each realm,
// tokens with Keycloak's claims and lifetimes, and the keys in the order in
// which Keycloak lists them.
//
// It exists so that the stories of key rotation, outage and bad answers can
// be told from the issuer's side. A test starts it, mints whatever token it
// needs (a good one, or one that deviates in a single place), rotates the
// keys, takes it down, lets it answer badly, and counts what it was asked:
//
//	iss := issuer.MustStart(issuer.Options{})
//	defer iss.Close()
//	realm := iss.Default()
//	token := realm.Access("alice").With("exp", time.Now().Add(-time.Hour).Unix()).String()
//	realm.Answer(issuer.Certs, issuer.Status(500))
//	realm.Rotate()
//	iss.Down()
//
// All of it is safe for concurrent use. Nothing here is fit for anything but
// tests: the keys lie in testdata and the passwords are the users' names.
package issuer
