// Package least is a middleware that takes a token apart, checks its RS256
// signature and decodes its claims, and tests nothing else. It shows what no
// middleware that verifies every request can do without. It is no protection:
// it looks at no claim.
package least

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// Config says where the keys are.
type Config struct {
	JWKS string
}

// CreateConfig returns a configuration without keys.
func CreateConfig() *Config { return &Config{} }

const bearer = "Bearer "

// New returns the middleware with the RS256 key that the issuer has now.
func New(ctx context.Context, next http.Handler, config *Config, _ string) (http.Handler, error) {
	key, err := fetch(ctx, config.JWKS)
	if err != nil {
		return nil, err
	}
	check := jwt.SigningMethodRS256.Verify
	strict := base64.RawURLEncoding.Strict()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		credential := r.Header.Get("Authorization")
		parts := strings.Split(credential, ".")
		if len(parts) != 3 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		signature, err := strict.DecodeString(parts[2])
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		payload, err := strict.DecodeString(parts[1])
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		err = check(credential[len(bearer):len(credential)-len(parts[2])-1], signature, key)
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		var claims map[string]interface{}
		err = json.Unmarshal(payload, &claims)
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	}), nil
}

type keySet struct {
	Keys []struct {
		Alg, N, E string
	}
}

func fetch(ctx context.Context, url string) (*rsa.PublicKey, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	var set keySet
	err = json.NewDecoder(response.Body).Decode(&set)
	response.Body.Close()
	if err != nil {
		return nil, err
	}
	for _, k := range set.Keys {
		if k.Alg == "RS256" {
			n, err := base64.RawURLEncoding.DecodeString(k.N)
			if err != nil {
				return nil, err
			}
			e, err := base64.RawURLEncoding.DecodeString(k.E)
			if err != nil {
				return nil, err
			}
			return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}, nil
		}
	}
	return nil, errors.New("no RS256 key")
}
