// Package good notes the error.
package good

func check() (text string) {
	text = ""
	defer func() {
		if r := recover(); r != nil {
			text = "recovered"
		}
	}()
	panic("first")
}

// Run tells what came out.
func Run() string {
	return check()
}
