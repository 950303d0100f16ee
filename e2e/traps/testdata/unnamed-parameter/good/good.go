// Package good names it with a blank.
package good

import "fmt"

func find(keys func(string) ([]byte, error)) string {
	key, err := keys("kid")
	return fmt.Sprint(len(key), err)
}

// Run tells what came out.
func Run() string {
	return find(func(_ string) ([]byte, error) {
		key := []byte("key")
		return key, nil
	})
}
