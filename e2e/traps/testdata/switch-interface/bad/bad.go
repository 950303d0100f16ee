// Package bad switches on a claim of unknown type.
package bad

func kind(claim any) string {
	switch claim {
	case 1: // want switch-interface
		return "one"
	case "a":
		return "letter"
	}
	return "other"
}

// Run tells what came out.
func Run() string {
	return kind("a")
}
