package bench

import (
	"cmp"
	"fmt"
	"html"
	"slices"
	"strings"
)

// chartLeft are rows that a chart for readers does without: they are set
// against something else, or say the same as their neighbour.
var chartLeft = []string{"rules 10", "rules 10000", "crowd bare", "crowd warm", "query"}

// Measures of the chart, in pixels.
const (
	chartWidth  = 760
	labelWidth  = 350
	barHeight   = 18
	barGap      = 7
	chartMargin = 12
)

// Chart draws the rows as bars: processor time of the Traefik process per
// request, with the part of it that is Traefik's own without a middleware.
// It returns an SVG whose colours suit a light and a dark page.
func (r *Report) Chart() []byte {
	var shown []Row
	most := 0.0
	for _, row := range r.Rows {
		if !slices.Contains(chartLeft, row.Name) && len(row.Samples) > 0 {
			shown = append(shown, row)
			most = max(most, row.Ratio())
		}
	}
	slices.SortStableFunc(shown, func(a, b Row) int { return cmp.Compare(a.Ratio(), b.Ratio()) })
	head := 44
	height := head + len(shown)*(barHeight+barGap) + 30
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="12" role="img">`+"\n", chartWidth, height)
	b.WriteString(`<title>Processor time of the Traefik process per request, against no middleware</title>` + "\n" +
		`<style>text{fill:#24292f}.own{fill:#8c959f}.more{fill:#0969da}.no{fill:#bc4c00}.small{font-size:11px}` +
		`@media (prefers-color-scheme:dark){text{fill:#e6edf3}.own{fill:#6e7681}.more{fill:#4493f8}.no{fill:#db6d28}}</style>` + "\n")
	fmt.Fprintf(&b, `<text x="%d" y="20" font-weight="600">CPU of the Traefik process per request, no middleware = 1</text>`+"\n", chartMargin)
	// Room for the number behind the longest bar.
	scale := float64(chartWidth-labelWidth-chartMargin-112) / most
	for i, row := range shown {
		y := head + i*(barHeight+barGap)
		own := min(1, row.Ratio()) * scale
		more := max(0, row.Ratio()-1) * scale
		class := "more"
		if strings.HasPrefix(row.Text, "refused") {
			class = "no"
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text>`, labelWidth-8, y+13, html.EscapeString(row.Text))
		fmt.Fprintf(&b, `<rect class="own" x="%d" y="%d" width="%.1f" height="%d"/>`, labelWidth, y, own, barHeight)
		fmt.Fprintf(&b, `<rect class="%s" x="%.1f" y="%d" width="%.1f" height="%d"/>`, class, labelWidth+own, y, more, barHeight)
		fmt.Fprintf(&b, `<text x="%.1f" y="%d">%.2f× (%+.0f µs)</text>`+"\n", labelWidth+own+more+6, y+13, row.Ratio(), row.Extra())
	}
	v := r.Versions
	fmt.Fprintf(&b, `<text class="small" x="%d" y="%d">%s</text>`+"\n</svg>\n", chartMargin, height-10, html.EscapeString(fmt.Sprintf(
		"Traefik %s (%s), %d cores of %s, %s, medians of %d rounds", v.Traefik, v.Go, v.Cores, v.CPU, v.Generator, r.Rounds)))
	return []byte(b.String())
}
