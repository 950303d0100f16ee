package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The colours of a terminal (ECMA-48 section 8.3.117).
const (
	plain  = ""
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

// wantsColour reports whether a file is a terminal whose user does not mind colours
// (no-color.org).
func wantsColour(file *os.File, getenv func(string) string) bool {
	if getenv("NO_COLOR") != "" || getenv("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (c *command) paint(style, text string) string {
	if !c.colour || style == plain || text == "" {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// cell is a table's cell.
type cell struct {
	text  string
	style string
}

// table prints rows in columns two blanks apart.
func (c *command) table(w io.Writer, rows [][]cell) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			if n := utf8.RuneCountInString(cell.text); n > widths[i] {
				widths[i] = n
			}
		}
	}
	for _, row := range rows {
		var line strings.Builder
		gap := 0
		for i, cell := range row {
			if cell.text != "" {
				line.WriteString(strings.Repeat(" ", gap))
				line.WriteString(c.paint(cell.style, cell.text))
				gap = 0
			}
			gap += widths[i] - utf8.RuneCountInString(cell.text) + 2
		}
		fmt.Fprintln(w, line.String())
	}
}

// heads are the cells of a table's head.
func heads(names ...string) []cell {
	row := make([]cell, 0, len(names))
	for _, name := range names {
		row = append(row, cell{name, bold})
	}
	return row
}

// shown is foreign text as it may go to a terminal: as it is, or quoted where it has
// anything that does not print.
func shown(text string) string {
	for _, r := range text {
		if !strconv.IsPrint(r) || r == utf8.RuneError {
			return strconv.Quote(text)
		}
	}
	return text
}

// clean is a message of several lines with what does not print escaped.
func clean(text string) string {
	var out strings.Builder
	for _, r := range text {
		if r == '\n' || strconv.IsPrint(r) {
			out.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRune(r)
		out.WriteString(quoted[1 : len(quoted)-1])
	}
	return out.String()
}

// shownList joins foreign texts.
func shownList(list []string) string {
	out := make([]string, 0, len(list))
	for _, text := range list {
		switch {
		case text == "" || strings.TrimSpace(text) != text || strings.Contains(text, ","):
			out = append(out, strconv.Quote(text))
		default:
			out = append(out, shown(text))
		}
	}
	return strings.Join(out, ", ")
}

// plural is a count with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
