// Package good joins conditions, and lists values under a tag.
package good

func fold(c byte) byte {
	switch {
	case c == '_' || c == '.':
		return '-'
	}
	switch c {
	case ' ', '\t':
		return '+'
	}
	return c
}

// Run tells what came out.
func Run() string {
	if fold('\t') != '+' {
		return "wrong"
	}
	return string([]byte{fold('_'), fold('.'), fold('a')})
}
