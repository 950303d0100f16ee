package bench

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

func sampleReport() *Report {
	return &Report{
		Versions: Versions{Plugin: "abc", Traefik: "v3.6.12", Go: "go1.26.0", Generator: "wrk", CPU: `A & B <"C">`, Cores: 2},
		Rounds:   3, Duration: "1s", Connections: 16,
		Rows: []Row{
			{Name: rowBare, Text: "no middleware", Against: rowBare, Samples: []Sample{{CPU: 100, Bare: 100, PerSecond: 1000, BarePerSecond: 1000}}},
			{Name: rowWarm, Text: "warm", Against: rowBare, Samples: []Sample{{CPU: 115, Bare: 100, PerSecond: 900, BarePerSecond: 1000}}},
			{Name: "garbage", Text: "refused: garbage", Against: rowBare, Samples: []Sample{{CPU: 90, Bare: 100, PerSecond: 1100, BarePerSecond: 1000}}},
			{Name: "crowd warm", Text: "crowd", Against: "crowd bare", Samples: []Sample{{CPU: 200, Bare: 100}}},
		},
		Latency: []Latency{{Name: rowBare, Rate: 500, P50: []float64{1000}, P99: []float64{2000}}, {Name: rowWarm, Rate: 500, P50: []float64{1000}, P99: []float64{2200}}},
		Reload:  &Reload{Routers: 1000, Plugin: []float64{0.4}, Bare: []float64{0.2}},
		Flood:   &Flood{Tokens: 100000, Before: 100, Half: 130, After: 131, Settled: 125, Bare: 101},
	}
}

func TestReportPrints(t *testing.T) {
	var b strings.Builder
	if err := sampleReport().Print(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"plugin abc, Traefik v3.6.12 (go1.26.0)", "1.15×", "+15.0", "0.90", "p99 2.20 ms (1.10×)", "0.40 s of CPU", "100000 different good tokens"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
}

// TestReportWarns: numbers from a busy machine must not look like others.
func TestReportWarns(t *testing.T) {
	for others, want := range map[float64]bool{0.02: false, 0.5: true} {
		r := sampleReport()
		r.Others = others
		var b strings.Builder
		if err := r.Print(&b); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.String(), "BUSY"); got != want {
			t.Errorf("%.2f cores taken by others: warned %v, want %v", others, got, want)
		}
	}
}

// TestChart: well-formed whatever the machine calls its processor, one line
// for each row that belongs into it, the cheapest first.
func TestChart(t *testing.T) {
	svg := string(sampleReport().Chart())
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, svg)
		}
	}
	garbage, bare, warm := strings.Index(svg, "refused: garbage"), strings.Index(svg, ">no middleware<"), strings.Index(svg, ">warm<")
	if garbage < 0 || bare < garbage || warm < bare {
		t.Errorf("rows at %d, %d, %d: want all, the cheapest first", garbage, bare, warm)
	}
	if strings.Contains(svg, ">crowd<") {
		t.Error("a row that is set against another one is in the chart")
	}
	if !strings.Contains(svg, "1.15× (+15 µs)") {
		t.Error("the warm row's number is missing")
	}
}
