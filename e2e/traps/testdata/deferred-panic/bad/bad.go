// Package bad panics while it ends.
package bad

func check() (text string) {
	text = ""
	defer func() {
		if r := recover(); r != nil {
			text = "recovered"
		}
	}()
	defer func() {
		panic("second") // want deferred-panic
	}()
	panic("first")
}

// Run tells what came out.
func Run() string {
	return check()
}
