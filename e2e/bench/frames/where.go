package frames

import (
	"strings"
	"time"

	"github.com/google/pprof/profile"
)

// The classes that time falls into beside the plugin's steps, whose classes
// begin with Plugin.
const (
	Plugin    = "plugin: "
	Garbage   = "runtime: garbage collection"
	Scheduler = "runtime: scheduling and waiting"
	Network   = "Traefik: reading and writing connections (system calls)"
	Traefik   = "Traefik: routing, middlewares, proxy, HTTP"
)

// Where sums a profile's time by class. Time in Traefik that a plugin's
// handler has called belongs to Traefik.
func Where(p *profile.Profile) map[string]time.Duration {
	at := len(p.SampleType) - 1 // of the two values the second is the time, in ns
	sums := map[string]time.Duration{}
	for _, s := range p.Sample {
		sums[class(stack(s))] += time.Duration(s.Value[at])
	}
	return sums
}

// stack lists a sample's functions from the innermost outwards.
func stack(s *profile.Sample) []string {
	var names []string
	for _, l := range s.Location {
		for _, line := range l.Line {
			if line.Function != nil {
				names = append(names, line.Function.Name)
			}
		}
	}
	return names
}

func class(stack []string) string {
	for i, name := range stack {
		switch {
		case strings.HasPrefix(name, "runtime.gcBgMarkWorker"), strings.HasPrefix(name, "runtime.gcAssistAlloc"),
			strings.HasPrefix(name, "runtime.bgsweep"), strings.HasPrefix(name, "runtime.bgscavenge"),
			strings.HasPrefix(name, "runtime.gcStart"), strings.HasPrefix(name, "runtime.gcMarkDone"):
			return Garbage
		case strings.HasPrefix(name, "runtime.schedule"), strings.HasPrefix(name, "runtime.findRunnable"), name == "runtime.mstart", name == "runtime.sysmon":
			return Scheduler
		case strings.HasPrefix(name, "internal/runtime/syscall."), strings.HasPrefix(name, "syscall."):
			return Network
		case strings.HasPrefix(name, interpreter):
			return Plugin + step(stack, i)
		case strings.HasPrefix(name, host), strings.HasPrefix(name, "net/http."):
			return Traefik
		}
	}
	return Traefik
}

// step says what the plugin was doing in a stack whose innermost function of
// the interpreter is at i.
func step(stack []string, i int) string {
	// What helps a step (finding its operands, say) counts as the step, which is
	// the function that runCfg has called.
	at := i
	for at+1 < len(stack) && made(stack[at]) != "runCfg" && made(stack[at+1]) != "runCfg" && strings.HasPrefix(stack[at+1], interpreter) {
		at++
	}
	text, _ := Step(stack[at])
	if made(stack[at]) != "callBin" {
		return text
	}
	// The called function is the first inside of reflect.
	for k := at - 1; k >= 0; k-- {
		if !strings.HasPrefix(stack[k], "reflect.") && !strings.HasPrefix(stack[k], "runtime.") && !strings.HasPrefix(stack[k], interpreter) {
			return text + ": " + stack[k]
		}
	}
	return text + ": getting there and back"
}
