package frames

import (
	"testing"
	"time"

	"github.com/google/pprof/profile"
)

func TestWhere(t *testing.T) {
	const in = "github.com/traefik/yaegi/interp."
	for _, c := range []struct {
		why   string
		stack []string // from the innermost outwards
		want  string
	}{
		{"a step's own time", []string{in + "getIndexMap.func3", in + "runCfg", in + "genFunctionWrapper.func2.1"}, Plugin + "read a map"},
		{"what helps a step", []string{in + "valueOf", in + "genValue.func7", in + "assign.func2", in + "runCfg"}, Plugin + "assign"},
		{"memory for a frame", []string{"runtime.mallocgc", "reflect.New", in + "genFunctionWrapper.func2.1", "reflect.callReflect"}, Plugin + "enter a function: a place for every value in its text"},
		{"a compiled function that a step calls", []string{"internal/sync.(*HashTrieMap[...]).Load", "sync.(*Map).Load", "reflect.Value.call", "reflect.Value.Call", in + "callBin.func2", in + "callBin.func9", in + "runCfg"}, Plugin + "call compiled code: sync.(*Map).Load"},
		{"the way there", []string{"runtime.mallocgc", "reflect.Value.call", in + "callBin.func9", in + "runCfg"}, Plugin + "call compiled code: getting there and back"},
		{"the next handler is Traefik's", []string{"net/http.Header.Clone", "net/http/httputil.(*ReverseProxy).ServeHTTP", "reflect.Value.call", in + "callBin.func9", in + "runCfg"}, Traefik},
		{"the loop itself", []string{in + "runCfg", in + "getFunc.func1.1"}, Plugin + "go from step to step"},
		{"a system call below all of them", []string{"internal/runtime/syscall.Syscall6", "syscall.write", "net.(*conn).Write", in + "callBin.func9"}, Network},
		{"garbage that a step must help with", []string{"runtime.gcDrainN", "runtime.gcAssistAlloc", "runtime.mallocgc", in + "assign.func3"}, Garbage},
		{"before any handler", []string{"net/textproto.readMIMEHeader", "net/http.readRequest"}, Traefik},
	} {
		sample := &profile.Sample{Value: []int64{1, int64(time.Millisecond)}}
		for _, name := range c.stack {
			sample.Location = append(sample.Location, &profile.Location{Line: []profile.Line{{Function: &profile.Function{Name: name}}}})
		}
		p := &profile.Profile{SampleType: []*profile.ValueType{{Type: "samples"}, {Type: "cpu"}}, Sample: []*profile.Sample{sample}}
		got := Where(p)
		if len(got) != 1 || got[c.want] != time.Millisecond {
			t.Errorf("%s: got %v, want %q", c.why, got, c.want)
		}
	}
}

func TestRename(t *testing.T) {
	p := &profile.Profile{Function: []*profile.Function{
		{Name: "github.com/traefik/yaegi/interp.getIndexMap.func3"}, {Name: "sync.(*Map).Load"},
	}}
	Rename(p)
	if got, want := p.Function[0].Name, "plugin: read a map [interp.getIndexMap.func3]"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := p.Function[1].Name; got != "sync.(*Map).Load" {
		t.Errorf("a compiled function was renamed to %q", got)
	}
}
