// Package host runs the plugin without Traefik in the two ways that there
// are: compiled, and in the interpreter loaded as Traefik loads it. Both take
// the configuration as Traefik's file provider hands it over.
package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"runtime/debug"

	"github.com/mitchellh/mapstructure"
	"github.com/traefik/paerser/file"
	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"

	authproxy "github.com/labs64/traefik-authproxy"
	"github.com/labs64/traefik-authproxy/e2e/layout"
)

// basePkg is the plugin's package name, as .traefik.yml says it to Traefik.
const basePkg = "authproxy"

// Plugin makes middlewares, as Traefik does for each router.
type Plugin struct {
	createConfig func() any
	newHandler   func(ctx context.Context, next http.Handler, config any, name string) (http.Handler, error)
}

// Compiled is the plugin as an ordinary Go package.
func Compiled() *Plugin {
	return &Plugin{
		createConfig: func() any { return authproxy.CreateConfig() },
		newHandler: func(ctx context.Context, next http.Handler, config any, name string) (http.Handler, error) {
			return authproxy.New(ctx, next, config.(*authproxy.Config), name)
		},
	}
}

// Interpreted loads the plugin from a checkout into a new interpreter, from
// the folders that Traefik expects and with the symbols that Traefik gives:
// the standard library's, without unsafe and syscall. What the plugin prints
// goes to stdout and stderr, but for what it writes to os.Stdout and
// os.Stderr themselves.
func Interpreted(checkout string, stdout, stderr io.Writer) (*Plugin, error) {
	gopath, err := os.MkdirTemp("", "traefik-authproxy-gopath-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(gopath) // the interpreter reads sources on import only
	if _, err := layout.Place(checkout, gopath); err != nil {
		return nil, err
	}
	in := interp.New(interp.Options{GoPath: gopath, Env: os.Environ(), Stdout: stdout, Stderr: stderr})
	if err := in.Use(stdlib.Symbols); err != nil {
		return nil, fmt.Errorf("give the interpreter the standard library: %w", err)
	}
	if _, err := in.Eval(fmt.Sprintf("import %q", layout.Module)); err != nil {
		return nil, fmt.Errorf("load the plugin in the interpreter: %w", err)
	}
	create, err := in.Eval(basePkg + ".CreateConfig")
	if err != nil {
		return nil, fmt.Errorf("find CreateConfig in the interpreter: %w", err)
	}
	make, err := in.Eval(basePkg + ".New")
	if err != nil {
		return nil, fmt.Errorf("find New in the interpreter: %w", err)
	}
	return &Plugin{
		createConfig: func() any { return create.Call(nil)[0].Interface() },
		newHandler: func(ctx context.Context, next http.Handler, config any, name string) (http.Handler, error) {
			out := make.Call([]reflect.Value{
				reflect.ValueOf(ctx), reflect.ValueOf(next), reflect.ValueOf(config), reflect.ValueOf(name),
			})
			if err, ok := out[1].Interface().(error); ok {
				return nil, err
			}
			h, ok := out[0].Interface().(http.Handler)
			if !ok {
				return nil, fmt.Errorf("New gave a %T and no error", out[0].Interface())
			}
			return h, nil
		},
	}, nil
}

// PanicError is a panic of the plugin's. Its text leaves the stack out, which
// is the interpreter's own and long where the plugin is interpreted.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("the plugin panicked: %v", e.Value) }

// New decodes a configuration and makes a middleware from it. A panic comes
// back as a *PanicError.
func (p *Plugin) New(ctx context.Context, next http.Handler, config map[string]any, name string) (h http.Handler, err error) {
	defer func() {
		if v := recover(); v != nil {
			h, err = nil, &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	decoded := p.createConfig()
	if len(config) > 0 {
		decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
			DecodeHook:       mapstructure.StringToSliceHookFunc(","),
			WeaklyTypedInput: true,
			Result:           decoded,
		})
		if err != nil {
			return nil, err
		}
		if err := decoder.Decode(config); err != nil {
			return nil, fmt.Errorf("failed to decode configuration: %w", err)
		}
	}
	return p.newHandler(ctx, next, decoded, name)
}

// Config reads a plugin's configuration from YAML as Traefik's file provider
// does: numbers arrive as text, null values not at all.
func Config(yaml string) (map[string]any, error) {
	var c struct {
		Plugin map[string]map[string]any `yaml:"plugin"`
	}
	if err := file.DecodeContent(yaml, ".yml", &c); err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	if len(c.Plugin) != 1 {
		return nil, errors.New(`the configuration is not one section under "plugin"`)
	}
	for _, config := range c.Plugin {
		return config, nil
	}
	return nil, nil
}

// Guard gives panics of a handler to report and answers them with 500, which
// is what Traefik does.
func Guard(h http.Handler, report func(*PanicError)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if v := recover(); v != nil {
				report(&PanicError{Value: v, Stack: debug.Stack()})
				w.WriteHeader(http.StatusInternalServerError)
			}
		}()
		h.ServeHTTP(w, r)
	})
}
