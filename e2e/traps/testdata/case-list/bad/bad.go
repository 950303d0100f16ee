// Package bad folds two bytes and misses the second.
package bad

func fold(c byte) byte {
	switch {
	case c == '_', c == '.': // want case-list
		return '-'
	}
	return c
}

// Run tells what came out.
func Run() string {
	return string([]byte{fold('_'), fold('.'), fold('a')})
}
