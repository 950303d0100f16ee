// Package bad asks twice from one place, and the first answer stays.
package bad

type request struct{ admin bool }

func allowed(r request) (ok bool) {
	if r.admin {
		ok = true
	}
	return // want named-result
}

// Run tells what came out.
func Run() string {
	said := ""
	for _, r := range []request{{admin: true}, {admin: false}} {
		if allowed(r) {
			said += "pass "
		} else {
			said += "deny "
		}
	}
	return said
}
