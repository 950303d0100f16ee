// Package good returns a value at every return, or sets the result first.
package good

type request struct{ admin bool }

func allowed(r request) bool {
	return r.admin
}

func allowedToo(r request) (ok bool) {
	ok = false
	if r.admin {
		ok = true
	}
	return
}

// Run tells what came out.
func Run() string {
	said := ""
	for _, r := range []request{{admin: true}, {admin: false}} {
		if allowed(r) && allowedToo(r) {
			said += "pass "
		} else {
			said += "deny "
		}
	}
	return said
}
