// Package badinterface has a case for error.
package badinterface

import "errors"

func kind(v any) string {
	switch v.(type) {
	case error: // want type-switch-error
		return "error"
	}
	return "other"
}

// Run tells what came out.
func Run() string {
	return kind(errors.New("x"))
}
