// Package bad gives a key whatever the token.
package bad

import "fmt"

func find(keys func(string) ([]byte, error)) string {
	key, err := keys("kid")
	return fmt.Sprint(len(key), err)
}

// Run tells what came out.
func Run() string {
	return find(func(string) ([]byte, error) { // want unnamed-parameter
		key := []byte("key")
		return key, nil
	})
}
