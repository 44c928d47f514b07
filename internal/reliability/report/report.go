// Package report is what the sections of docs/reliability.md have in common: what they are
// asked, what they answer, and how the answer gets into the document.
//
// A section is a package of its own below internal/reliability with a function that returns a
// Section, and a line in the list of internal/reliability/main.go. Its Run does the work and
// returns Markdown. What it does is a plain function with its sizes as parameters, which a test
// calls with small ones.
package report

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"
	"unicode"

	"golang.org/x/sys/unix"

	"luatrace/internal/reliability/trial"
)

// Options is what a section is asked.
type Options struct {
	// Users are those to run as, each a column.
	Users []trial.User
	// Luatrace is the path of the command under test. Every user may run it.
	Luatrace string
	// Run, if not nil, chooses by name what is run; the section keeps the rest as it is.
	Run *regexp.Regexp
	// Long asks for the large sizes, minutes instead of seconds.
	Long bool
	// Old is the section as it stands in the document, without its heading, "" if it does not.
	Old string
	// Progress gets a line for each thing done.
	Progress io.Writer
}

// Chosen tells whether the thing of that name is to be run.
func (o *Options) Chosen(name string) bool { return o.Run == nil || o.Run.MatchString(name) }

// Logf prints a line of progress. Any goroutine may call it.
func (o *Options) Logf(format string, args ...any) {
	if o.Progress != nil {
		fmt.Fprintf(o.Progress, format+"\n", args...)
	}
}

// Section is a part of the document.
type Section struct {
	// Name chooses it on the command line and stands in its markers.
	Name string
	// Title is its heading.
	Title string
	// Run makes its text: Markdown without the heading and without the line that says when and
	// where it was made. ok is false if anything that was run did not do as promised; the text
	// says what then. An error is for what could not be run at all.
	Run func(*Options) (text string, ok bool, err error)
}

func begin(name string) string {
	return "<!-- begin " + name + ": go run ./internal/reliability -only " + name + " -->\n"
}
func end(name string) string { return "<!-- end " + name + " -->\n" }

// Find returns what stands between a section's markers in the document.
func Find(document, name string) (text string, ok bool) {
	_, rest, ok := strings.Cut(document, begin(name))
	if !ok {
		return "", false
	}
	text, _, ok = strings.Cut(rest, end(name))
	return text, ok
}

// Put returns the document with the section's text between its markers, at the end if the
// section is new.
func Put(document, name, text string) string {
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	block := begin(name) + text + end(name)
	if old, ok := Find(document, name); ok {
		return strings.Replace(document, begin(name)+old+end(name), block, 1)
	}
	return document + "\n" + block
}

// Where says on which machine, when and by which command a section was made. The kernel's
// version is without what a distributor added.
func Where(command string) string {
	var u unix.Utsname
	unix.Uname(&u)
	kernel, _, _ := strings.Cut(unix.ByteSliceToString(u.Release[:]), "-")
	return fmt.Sprintf("Linux %s, %s, %d CPUs, %s; made by `%s`.\n", kernel, runtime.GOARCH, runtime.NumCPU(), time.Now().UTC().Format(time.DateOnly), command)
}

// Write writes the document, never half of it.
func Write(path, document string) error {
	if err := os.WriteFile(path+".new", []byte(document), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// Anchor is the fragment by which a heading of a Markdown document is linked to.
func Anchor(heading string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case r == ' ' || r == '-':
			b.WriteByte('-')
		case r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Code makes a text of any characters a block of code.
func Code(text string) string {
	var b strings.Builder
	b.WriteString("\n\n")
	for line := range strings.Lines(text) {
		b.WriteString("    " + strings.TrimSuffix(line, "\n") + "\n")
	}
	return b.String()
}
