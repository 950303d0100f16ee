package authproxy

// The reason words are a closed list: they are the vocabulary of the log and of
// the decision log, and are documented in docs/reasons.md. A client never sees
// them.
const (
	reasonPublic          = "public"           // a public rule
	reasonGranted         = "granted"          // the token suffices
	reasonPreflight       = "preflight"        // a CORS preflight, let through by allowPreflight
	reasonBadPath         = "bad_path"         // the path cannot be read
	reasonNoToken         = "no_token"         // there is none
	reasonManyTokens      = "many_tokens"      // there is more than one
	reasonBadHeader       = "bad_header"       // "Bearer" with something else than one token
	reasonTooLong         = "too_long"         // longer than maxTokenBytes
	reasonShape           = "shape"            // not three parts of canonical base64url
	reasonHeader          = "header"           // the JOSE header is refused
	reasonAlgorithm       = "algorithm"        // alg is not in the list
	reasonMissingKeyID    = "missing_kid"      // no kid, and several keys
	reasonUnknownKey      = "unknown_kid"      // the issuer has no such key
	reasonKeyMismatch     = "key_mismatch"     // the key is not for this alg
	reasonSignature       = "signature"        // does not verify
	reasonClaims          = "claims"           // the payload is not one sound JSON object
	reasonIssuer          = "issuer"           // iss is not one of ours
	reasonTime            = "time"             // exp, nbf or iat missing or no sound number
	reasonExpired         = "expired"          // exp has passed
	reasonNotYet          = "not_yet"          // nbf or iat lies ahead
	reasonAudience        = "audience"         // aud does not fit
	reasonType            = "type"             // typ says that it is no access token
	reasonBound           = "bound"            // cnf: bound to a key, no plain bearer token
	reasonParty           = "party"            // azp is not in authorizedParties
	reasonNoRule          = "no_rule"          // no rule matches the path
	reasonRoles           = "roles"            // the roles do not suffice
	reasonScopes          = "scopes"           // the scopes do not suffice
	reasonKeysUnavailable = "keys_unavailable" // no keys, and none remembered
)
