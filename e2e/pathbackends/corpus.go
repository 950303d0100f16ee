package pathbackends

import (
	"math/rand/v2"
	"strings"
)

// Size chooses a corpus.
type Size int

const (
	// Short is the corpus for every run of the tests.
	Short Size = iota
	// Long is the short corpus with every pair of a separator and a step
	// upwards, and a longer random walk.
	Long
)

// seed makes the random part of the corpus the same in every run: a failure
// names a target that the next run tries again.
const seed = 7231

// Corpus gives the request targets, each one once, always in the same order.
func Corpus(size Size) []Request {
	c := corpus{seen: make(map[string]bool)}
	c.traversals(size)
	c.inPlace()
	c.forms()
	c.reencoded()
	c.walk(size)
	return c.requests
}

type corpus struct {
	seen     map[string]bool
	requests []Request
}

// add takes a target unless it is there already. A line feed would end the
// request line, so that it would be another request than the one meant.
func (c *corpus) add(target string) {
	c.addMethod("", target)
}

func (c *corpus) addMethod(method, target string) {
	if key := method + " " + target; !c.seen[key] && target != "" && !strings.Contains(target, "\n") {
		c.seen[key] = true
		c.requests = append(c.requests, Request{Method: method, Target: target})
	}
}

// base is a path that a policy lets through, and how many steps lead from it
// to a folder that the goal can be given from.
type base struct {
	path  string
	steps int
	goal  string
}

var bases = []base{
	{"/public", 1, "api/v1/admin/x"},
	{"/api/v1/auditflow", 1, "admin/x"},
	{"/public/a", 2, "api/v1/admin/x"},
	{"/health", 1, "api/v1/auditflow/x"},
}

// traversals climb out of a base: from the first one every separator with the
// plain steps and every step with the plain separators, from the others only
// with the plainest of them. The long corpus adds every pair of the two.
func (c *corpus) traversals(size Size) {
	for i, b := range bases {
		plainSeparators, plainSteps := []string{"/"}, []string{".."}
		if i == 0 {
			plainSeparators, plainSteps = []string{"/", "%2f", "%5c"}, []string{"..", "%2e%2e"}
		}
		for _, separator := range separators {
			for _, step := range plainSteps {
				c.climb(b, separator, step, i == 0)
			}
		}
		for _, separator := range plainSeparators {
			for _, step := range steps {
				c.climb(b, separator, step, i == 0)
			}
		}
	}
	if size != Long {
		return
	}
	for _, b := range bases[:2] {
		for _, separator := range separators {
			for _, step := range steps {
				c.add(b.path + separator + step + separator + b.goal)
			}
		}
	}
}

// climb writes one traversal with the spelling of the separator on both sides
// of the step; in full also only before it, only after it, and throughout the
// whole path.
func (c *corpus) climb(b base, separator, step string, full bool) {
	with := func(before, after string) string {
		return b.path + strings.Repeat(before+step, b.steps) + after + b.goal
	}
	whole := with(separator, separator)
	c.add(whole)
	if full {
		c.add(with(separator, "/"))
		c.add(with("/", separator))
		c.add("/" + strings.ReplaceAll(whole[1:], "/", separator))
	}
}

// inPlace writes the protected path itself in other ways, without a climb.
func (c *corpus) inPlace() {
	const admin, full = "/api/v1/admin", "/api/v1/admin/x"
	c.add(admin)
	c.add(full)
	for _, separator := range separators {
		c.add(separator + "api/v1/admin/x")
		c.add("/api" + separator + "v1/admin/x")
		c.add("/api/v1" + separator + "admin/x")
		c.add("/api/v1/admin" + separator + "x")
		c.add("/api" + separator + "v1" + separator + "admin" + separator + "x")
	}
	for _, word := range letters {
		c.add("/api/v1/" + word)
		c.add("/api/v1/" + word + "/x")
		c.add("/public/../api/v1/" + word + "/x")
		c.add("/public/..%2fapi%2fv1%2f" + word + "%2fx")
	}
	for _, trailer := range trailers {
		c.add(admin + trailer)
		c.add(full + trailer)
		c.add(admin + trailer + "/x")
		c.add("/api" + trailer + "/v1/admin/x")
		c.add("/api/v1/auditflow" + trailer + "/../admin/x")
		c.add("/public" + trailer + "/../api/v1/admin/x")
	}
	for _, spelled := range []string{
		"/API/V1/ADMIN/x", "/Api/v1/Admin/x", "/api/V1/admin/x", "/API/v1/admin", "/PUBLIC/../api/v1/admin/x", "/Public/..%2fAPI%2fv1%2fADMIN%2fx",
		"/%61%70%69/v1/admin/x", "/%2561%2570%2569/v1/admin/x", "/%61pi%2fv1%2fadmin%2fx",
		"/%2e/api/v1/admin/x", "/%2e%2fapi/v1/admin/x", "/;/api/v1/admin/x", "/;a=b/api/v1/admin/x", "/.;/api/v1/admin/x", "/..;/api/v1/admin/x", "/%3b/api/v1/admin/x",
		"/api;a=b/v1;c=d/admin;e=f/x;g=h", "/api;/v1;/admin;/x", "/api%3b/v1%3b/admin%3b/x", "/api;a=%2f/v1/admin/x", "/api;a=/../v1/admin/x",
		"/../api/v1/admin/x", "/../../api/v1/admin/x", "/..%2fapi/v1/admin/x", "/%2e%2e%2fapi/v1/admin/x", "/..\\api\\v1\\admin\\x", "/..%5capi%5cv1%5cadmin%5cx", "\\api\\v1\\admin\\x", "%5capi%5cv1%5cadmin%5cx",
		"/C:/api/v1/admin/x", "/c:\\api\\v1\\admin\\x", "/%5c%5chost%5capi%5cv1%5cadmin", "/~/api/v1/admin/x", "/api/v1/ADMIN~1/x",
		"/api/v1/auditflow;/../admin/x", "/api/v1/auditflow/..;/admin/x", "/api/v1/auditflow/%2e%2e;a=b/admin/x", "/public\\..\\api\\v1\\admin\\x", "/public%5c..%5capi%5cv1%5cadmin%5cx", "//api//v1/admin", "///api///v1///admin///x",
	} {
		c.add(spelled)
	}
}

// forms are targets that are no plain path: absolute, opaque, without a slash,
// with a query or a fragment, asterisk and authority (RFC 9112, section 3.2).
func (c *corpus) forms() {
	for _, target := range []string{
		"http://{host}/api/v1/admin/x", "HTTP://{host}/api/v1/admin/x", "https://{host}/api/v1/admin/x", "http://{host}:80/api/v1/admin/x", "http://{host}//api/v1/admin/x",
		"http://{host}/public/..%2fapi%2fv1%2fadmin%2fx", "http://{host}/public/../api/v1/admin/x", "http://{host}/public/%2e%2e/api/v1/admin/x", "http://{host}/public;/../api/v1/admin/x",
		"http://{host}\\api\\v1\\admin\\x", "http://{host}?/api/v1/admin/x", "http://{host}#/api/v1/admin/x", "http://{host}/?/../api/v1/admin/x", "http://{host}%2fapi/v1/admin/x", "http://{host};/api/v1/admin/x",
		"http://user@{host}/api/v1/admin/x", "http://{host}@{host}/api/v1/admin/x", "http://{host}/public?@/api/v1/admin/x", "ws://{host}/api/v1/admin/x", "x://{host}/api/v1/admin/x", "http:///api/v1/admin/x", "http:/api/v1/admin/x", "http:////api/v1/admin/x", "http:api/v1/admin/x", "http:%2fapi/v1/admin/x", "x:/api/v1/admin/x", "x:api/v1/admin/x", "x:%2fapi%2fv1%2fadmin%2fx", "x:\\api\\v1\\admin\\x", "x:..%2fapi/v1/admin/x", "x:.//api/v1/admin/x", "public:/api/v1/admin/x", "x:?/api/v1/admin/x", "http:?/api/v1/admin/x",
		"//public/api/v1/admin/x", "///public/api/v1/admin/x", "////public//api/v1/admin/x", "/\\public/api/v1/admin/x", "\\\\public/api/v1/admin/x", "//public\\api\\v1\\admin\\x", "/%2fpublic/api/v1/admin/x", "/%5cpublic/api/v1/admin/x", "/.//public/api/v1/admin/x", "/x/..//public/api/v1/admin/x", "//public:80/api/v1/admin/x", "//public@x/api/v1/admin/x", "//x@public/api/v1/admin/x", "//health/api/v1/admin/x", "//public/../public/api/v1/admin/x", "//public?/api/v1/admin/x", "//public%2fapi/v1/admin/x", "//public/%61pi/v1/admin/x", "/\t/public/api/v1/admin/x", "//public;a=b/api/v1/admin/x",
		"//{host}/api/v1/admin/x", "///{host}/api/v1/admin/x", "//x/api/v1/admin/x", "//x/../api/v1/admin/x", "/\\{host}/api/v1/admin/x", "//public/../api/v1/admin/x", "//user@x/api/v1/admin/x", "//x:80/api/v1/admin/x", "//x?/../api/v1/admin/x", "//api/v1/admin/x", "/http://{host}/api/v1/admin/x", "/x:/../api/v1/admin/x",
		"api/v1/admin/x", "./api/v1/admin/x", "../api/v1/admin/x", "%2fapi/v1/admin/x", "*", "*/../api/v1/admin/x", "?/api/v1/admin/x", "#/api/v1/admin/x", ";/api/v1/admin/x", ":/api/v1/admin/x", ":80/api/v1/admin/x", "@/api/v1/admin/x", ".", "..",
		"/public?/../api/v1/admin/x", "/public?/../../api/v1/admin/x", "/public/?x/../../api/v1/admin/x", "/public#/../api/v1/admin/x", "/public%3f/../api/v1/admin/x", "/public%3f/../../api/v1/admin/x", "/public%23/../../api/v1/admin/x", "/public%23/../api/v1/admin/x", "/public%253f/../../api/v1/admin/x", "/api/v1/admin/x?/public", "/api/v1/admin/x%3f/../../../../public", "/api/v1/admin/x%23/../../../../public", "/api/v1/admin/x#/../../../../public", "/api/v1/admin/x;/../../../../public", "/api/v1/admin/x%00/../../../../public", "/api/v1/admin%3f/../../../public/x", "/api/v1/admin%23/../../../public/x", "/api/v1/admin%00/../../../public/x", "/api/v1/admin%3b/../../../public/x", "/api/v1/admin;/../../../public/x", "/api/v1/admin%0a/../../../public/x", "/api/v1/admin\\..\\..\\..\\public\\x", "/api/v1/admin%5c..%5c..%5c..%5cpublic%5cx", "/api/v1/admin%2f..%2f..%2f..%2fpublic%2fx", "/api/v1/admin%252f..%252f..%252f..%252fpublic%252fx", "/api/v1/admin/%2e%2e/%2e%2e/%2e%2e/public/x", "/api/v1/admin/..;/..;/..;/public/x", "/api/v1/admin/..%3b/..%3b/..%3b/public/x", "/api/v1/admin/%252e%252e/%252e%252e/%252e%252e/public/x",
	} {
		c.add(target)
	}
	for _, method := range []string{"HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PRI", "FOO", "get"} {
		for _, target := range []string{"/api/v1/admin/x", "/public/..%2fapi%2fv1%2fadmin%2fx", "/public/..;/api/v1/admin/x", "/public%5c..%5capi%5cv1%5cadmin%5cx", "*", "{host}", "{host}:80", "http://{host}/api/v1/admin/x", "{host}/api/v1/admin/x"} {
			c.addMethod(method, target)
		}
	}
}

// reencoded are targets with a byte that Go's URL does not keep as it was
// written, so that a proxy in Go writes the whole path anew from its decoded
// form: what was %2f on arrival leaves as a slash.
func (c *corpus) reencoded() {
	for _, odd := range []string{"\"", "<", ">", "|", "^", "`", "{", "}", "\\", "\xc3\xa9", "\xff", "[", "]", "!", "'", "(", ")", "*"} {
		for _, target := range []string{
			"/public/..%2fapi/v1/admin/x" + odd, "/public/..%2fapi%2fv1%2fadmin%2f" + odd, "/public/%2e%2e%2fapi/v1/admin/x" + odd, "/public/" + odd + "/..%2f..%2fapi/v1/admin/x", "/public" + odd + "%2f..%2fapi/v1/admin/x",
			"/public/..%5capi%5cv1%5cadmin%5cx" + odd, "/public%3b/../api/v1/admin/x" + odd, "/public/..%3b/api/v1/admin/x" + odd, "/public/%252e%252e%252fapi%252fv1%252fadmin%252fx" + odd, "/api/v1/auditflow/..%2fadmin/x" + odd, "/api/v1/auditflow/" + odd + "%2e/%2e%2e/..%2fadmin/x", "/api/v1/admin%2fx" + odd, "/api%2fv1%2fadmin%2f" + odd, "/public/x%3f/../../api/v1/admin/x" + odd, "/%61pi/v1/admin/" + odd,
		} {
			c.add(target)
		}
	}
}

// walk mutates seeds at random places, with the fillers, by encoding a
// character once or twice, by changing its case, and by repeating a part.
func (c *corpus) walk(size Size) {
	seeds := []string{
		"/api/v1/admin/x", "/api/v1/auditflow/x", "/public/../api/v1/admin/x", "/public/..%2fapi%2fv1%2fadmin%2fx", "/api/v1/auditflow/../admin/x", "/public/..;/api/v1/admin/x", "/public\\..\\api\\v1\\admin\\x", "/public/a/../../api/v1/auditflow/x", "/health/../api/v1/admin/x",
	}
	rounds := 1000
	if size == Long {
		rounds = 25_000
	}
	random := rand.New(rand.NewPCG(seed, 0))
	for range rounds {
		target := seeds[random.IntN(len(seeds))]
		for range 1 + random.IntN(4) {
			target = mutate(random, target)
		}
		c.add(target)
	}
}

func mutate(random *rand.Rand, target string) string {
	const hex = "0123456789abcdef"
	at := 1 + random.IntN(len(target)-1)
	letter := target[at]
	percent := "%" + string(hex[letter>>4]) + string(hex[letter&15])
	switch random.IntN(6) {
	case 0, 1:
		return target[:at] + fillers[random.IntN(len(fillers))] + target[at:]
	case 2:
		return target[:at] + percent + target[at+1:]
	case 3:
		return target[:at] + "%25" + percent[1:] + target[at+1:]
	case 4:
		if random.IntN(2) == 0 {
			return target[:at] + strings.ToUpper(target[at:at+1]) + target[at+1:]
		}
		return target[:at] + strings.ToUpper(percent) + target[at+1:]
	default:
		// The last dot-dot, separator or encoded one in another spelling.
		from, to := "..", steps[random.IntN(len(steps))]
		if random.IntN(2) == 0 {
			from, to = "/", separators[random.IntN(len(separators))]
		}
		if i := strings.LastIndex(target[:at], from); i > 0 {
			return target[:i] + to + target[i+len(from):]
		}
		return target + fillers[random.IntN(len(fillers))]
	}
}
