// Package good compares.
package good

func kind(claim any) string {
	if claim == 1 {
		return "one"
	}
	if claim == "a" {
		return "letter"
	}
	return "other"
}

// Run tells what came out.
func Run() string {
	return kind("a")
}
