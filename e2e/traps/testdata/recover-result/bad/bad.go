// Package bad recovers, and the answer of the call before stays.
package bad

func allowed(token string) bool {
	defer func() { // want recover-result
		_ = recover()
	}()
	return token[0] == 'a'
}

// Run tells what came out.
func Run() string {
	said := ""
	for _, token := range []string{"admin", ""} {
		if allowed(token) {
			said += "pass "
		} else {
			said += "deny "
		}
	}
	return said
}
