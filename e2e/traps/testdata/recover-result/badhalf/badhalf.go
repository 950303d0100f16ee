// Package badhalf sets one of its results only.
package badhalf

import "fmt"

func verify(token string) (user string, err error) {
	defer func() { // want recover-result
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r != nil)
		}
	}()
	return token[:5], nil
}

// Run tells what came out.
func Run() string {
	said := ""
	for _, token := range []string{"admin", ""} {
		user, err := verify(token)
		said += fmt.Sprintf("%q %v ", user, err)
	}
	return said
}
