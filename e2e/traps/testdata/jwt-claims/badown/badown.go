// Package badown parses an expired token into claims of its own.
package badown

import (
	"fmt"

	"github.com/golang-jwt/jwt/v5"
)

type claims struct {
	jwt.RegisteredClaims
	Roles []string `json:"roles"`
}

// Run tells what came out.
func Run() string {
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"exp": 1}).SignedString([]byte("key"))
	if err != nil {
		return err.Error()
	}
	parsed, _ := jwt.ParseWithClaims(token, &claims{}, func(_ *jwt.Token) (any, error) { return []byte("key"), nil }) // want jwt-claims
	return fmt.Sprint(parsed.Valid)
}
