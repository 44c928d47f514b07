package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"unicode/utf8"

	"luatrace/internal/escape"
)

// The picture of the README: what commands print on a terminal, with the colours.
const (
	pictureSource = "internal/docs/picture.txt"
	pictureTarget = "docs/picture.svg"
)

//go:embed picture.txt
var pictureText string

// sgr is a sequence that begins or ends a colour.
var sgr = regexp.MustCompile("\x1b\\[([0-9]*)m")

// colours are how the picture shows them.
var colours = map[string]string{"1": `font-weight="bold"`, "2": `fill="#8b949e"`, "31": `fill="#ff7b72"`, "33": `fill="#e3b341"`}

// recordPicture runs the commands of the picture, the lines that begin with "$ ", again.
func recordPicture(bin string) error {
	dir, err := os.MkdirTemp(bin, "picture")
	if err != nil {
		return err
	}
	var b strings.Builder
	for line := range strings.Lines(pictureText) {
		command, ok := strings.CutPrefix(line, "$ ")
		if !ok {
			continue
		}
		command = strings.TrimSpace(command)
		fmt.Fprintf(&b, "$ %s\n%s\n", command, runColoured(command, bin, dir))
	}
	pictureText = strings.TrimSuffix(b.String(), "\n")
	return os.WriteFile(pictureSource, []byte(pictureText), 0o644)
}

// runColoured runs a command line as if on a terminal of 100 columns, with bin first in PATH.
func runColoured(command, bin, dir string) string {
	coloured := strings.ReplaceAll(command, "luatrace ", "luatrace --color=always --width=100 ")
	cmd := exec.Command("bash", "-c", "echo hello >words; "+coloured)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+bin+":/usr/bin:/bin", "LC_ALL=C")
	out, _ := cmd.CombinedOutput() // some commands fail: that is what is shown
	return strings.ReplaceAll(string(out), bin+"/", "/usr/bin/")
}

// picture draws the text of a terminal as SVG.
func picture(text string) []byte {
	const size, height, margin = 13, 19, 16
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	columns := 0
	for _, line := range lines {
		columns = max(columns, utf8.RuneCountInString(sgr.ReplaceAllString(line, "")))
	}
	w, h := columns*size*6/10+columns/5+2*margin, len(lines)*height+2*margin
	var b bytes.Buffer
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n", w, h, w, h)
	b.WriteString("<title>luatrace on a terminal</title>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#0d1117\"/>\n")
	fmt.Fprintf(&b, "<g font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, monospace\" font-size=\"%d\" fill=\"#e6edf3\" xml:space=\"preserve\">\n", size)
	colour := ""
	for i, line := range lines {
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\">", margin, margin+i*height+size)
		if strings.HasPrefix(line, "$ ") {
			line = "\x1b[1m" + line + "\x1b[m"
		}
		for line != "" {
			text, end := line, sgr.FindStringSubmatchIndex(line)
			next := colour
			if end != nil {
				text, next, line = line[:end[0]], colours[line[end[2]:end[3]]], line[end[1]:]
			} else {
				line = ""
			}
			if text != "" {
				fmt.Fprintf(&b, "<tspan %s>%s</tspan>", colour, escape.Text(nil, text))
			}
			colour = next
		}
		b.WriteString("</text>\n")
	}
	b.WriteString("</g>\n</svg>\n")
	return bytes.ReplaceAll(b.Bytes(), []byte("<tspan >"), []byte("<tspan>"))
}
