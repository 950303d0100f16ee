// Package good sets every result where it recovers.
package good

func allowed(token string) (ok bool) {
	defer func() {
		if r := recover(); r != nil {
			ok = false
		}
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
