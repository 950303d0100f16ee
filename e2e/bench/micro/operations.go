package micro

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"
)

// operation is a statement to run in a loop inside the interpreter.
type operation struct{ name, statement string }

// operations are what a middleware's way is made of. The names in them are
// those of the prelude.
var operations = []operation{
	{"assignment", `n = i`},
	{"define a variable", `x := i; _ = x`},
	{"comparison", `if i == -1 { n = 1 }`},
	{"two comparisons with &&", `if i != -1 && n == -1 { n = 1 }`},
	{"two comparisons, nested", `if i != -1 { if n == -1 { n = 1 } }`},
	{"read a field", `n = s.n`},
	{"read a field of a compiled struct", `u = r.URL`},
	{"length of a string", `n = len(text)`},
	{"compare two equal strings of 1.2 kB", `if token != other { n = 1 }`},
	{"map read, by a short string", `ok = flags["short"]`},
	{"map read, by a string of 1.2 kB", `ok = flags[token]`},
	{"map read with ok, by a string of 1.2 kB", `_, ok = flags[token]`},
	{"header read", `list = h["Authorization"]`},
	{"header write", `h["X-User-Id"] = list`},
	{"header write of a new list", `h["X-User-Id"] = []string{text}`},
	{"h.Get", `text = h.Get("User-Agent")`},
	{"range over a header of 10 names", `for k := range h { text = k }`},
	{"range over 4 strings", `for _, v := range four { text = v }`},
	{"call of a compiled function", `ok = strings.HasPrefix(text, "x")`},
	{"call of an interpreted function", `n = plain(i)`},
	{"call of an interpreted function with 10 lines that do not run", `n = long(i)`},
	{"call of an interpreted method", `n = s.get(i)`},
	{"call of a closure", `n = closure(i)`},
	{"defer", `n = deferred(i)`},
	{"type assertion", `x := any.(*state); _ = x`},
	{"type assertion with ok", `x, ok := any.(*state); _, _ = x, ok`},
	{"sync.Map.Load by a string of 1.2 kB", `x, ok := table.Load(token); _, _ = x, ok`},
	{"atomic.Value.Load", `x := value.Load(); _ = x`},
	{"atomic.Bool.Load", `ok = flag.Load()`},
	{"RWMutex.RLock and RUnlock", `mu.RLock(); mu.RUnlock()`},
	{"time.Now().Unix()", `n = int(time.Now().Unix())`},
	{"time.Until", `d = time.Until(then)`},
	{"new struct", `s = &state{n: i}`},
	{"string concatenation", `text = "a" + four[1]`},
	{"sha256 of a string of 1.2 kB", `sum = sha256.Sum256([]byte(token))`},
	{"call of the next handler", `next.ServeHTTP(w, r)`},
}

// prelude declares what operations use, and a function for each of them: %s
// stands for them.
const prelude = `package step

import (
	"crypto/sha256"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type state struct{ n int }

func (s *state) get(i int) int { return i }

func plain(i int) int { return i }

func long(i int) int {
	if i == -1 {
		a := strings.Repeat("x", i)
		b := strings.Repeat("y", i+1)
		c := a + b
		if len(a) > 1 && len(b) > 2 && a != b {
			c = strings.ToUpper(a[1:]) + strings.ToLower(b[:len(b)-1])
		}
		for _, k := range strings.Split(c, "x") {
			i += len(k)*2 + i
		}
		return len(c) + i
	}
	return i
}

func deferred(i int) int {
	defer plain(i)
	return i
}

func use(x ...interface{}) {}

func Loop(body string, next http.Handler, w http.ResponseWriter, r *http.Request, token, other string) func(int) {
	h := r.Header
	s := &state{}
	table := &sync.Map{}
	table.Store(token, s)
	value := &atomic.Value{}
	value.Store(s)
	flag := &atomic.Bool{}
	mu := &sync.RWMutex{}
	flags := map[string]bool{"short": true, token: true}
	four := []string{"one", "two", "three", "four"}
	then := time.Now().Add(time.Hour)
	closure := func(i int) int { return i + four2 }
	var any interface{} = s
	var n int
	var ok bool
	var text string
	var list []string
	var u *url.URL
	var d time.Duration
	var sum [32]byte
	use(h, s, table, value, flag, mu, flags, four, then, closure, any, n, ok, text, list, u, d, sum)
	switch body {
%s	}
	return nil
}

var four2 = 4
`

// Operations returns the steps of the language.
func Operations() ([]Step, error) {
	var bodies strings.Builder
	all := append([]operation{{"", ""}}, operations...)
	for _, o := range all {
		fmt.Fprintf(&bodies, "\tcase %q:\n\t\treturn func(times int) {\n\t\t\tfor i := 0; i < times; i++ {\n\t\t\t\t%s\n\t\t\t}\n\t\t}\n", o.name, o.statement)
	}
	in := interp.New(interp.Options{})
	if err := in.Use(stdlib.Symbols); err != nil {
		return nil, err
	}
	if _, err := in.Eval(fmt.Sprintf(prelude, bodies.String())); err != nil {
		return nil, fmt.Errorf("load the operations: %w", err)
	}
	loop, err := in.Eval("step.Loop")
	if err != nil {
		return nil, err
	}
	token := "Bearer " + strings.Repeat("0123456789", 120)
	next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	body := func(name string) func(int) {
		r := newRequest("/api/v1/orders", token)
		out := loop.Call([]reflect.Value{
			reflect.ValueOf(name), reflect.ValueOf(next), reflect.ValueOf(http.ResponseWriter(httptest.NewRecorder())),
			reflect.ValueOf(r), reflect.ValueOf(token), reflect.ValueOf(strings.Clone(token)),
		})
		return out[0].Interface().(func(int))
	}
	empty := body("")
	steps := make([]Step, len(operations))
	for i, o := range operations {
		steps[i] = Step{Name: o.name, do: body(o.name), overhead: empty}
	}
	return steps, nil
}

// newRequest is a request with the headers that one has behind Traefik.
func newRequest(target, authorization string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for name, value := range map[string]string{
		"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": "Mozilla/5.0",
		"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Host": "app.example.com", "X-Forwarded-Port": "443",
		"X-Forwarded-Proto": "https", "X-Forwarded-Server": "gateway", "X-Real-Ip": "192.0.2.7",
	} {
		r.Header.Set(name, value)
	}
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return r
}
