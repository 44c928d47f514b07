// Package cases is the table of the situations that a ptrace tracer must get right, and what
// runs it: each case in each way in which the kernel can tell of a call (a row of the plan), as
// root and as an ordinary user, compared with an untraced run.
//
// # How to add a case
//
// Add a Case to the list of a file NAME_cases.go (a new list gets a line in Table). In the
// simplest case it is a name, a sentence and a command:
//
//	{Name: "vfork", Says: "...", Argv: []string{"FIXTURE/vforker", "20"}}
//
// It then runs untraced and in every row, and must end the same way, having written the same,
// leaving no process. What is different from run to run is blotted out by Mask. What the case
// is about beyond that goes into Check, which sees both runs and the trace; Script and Options
// add to what luatrace is told. A case that a command line can't show (an order of events, a
// thread of the tracer that ends) names its Tests instead. Where the kernel forbids the right
// behaviour, a Limit takes the place of the comparison: it pins what happens instead, and names
// the heading of docs/limits.md that says so.
//
// Then `go test ./internal/reliability/cases -run 'TestCases/^NAME$'`; with -long it takes the
// large sizes and, as root, runs as nobody too.
package cases

import (
	"regexp"
	"slices"
	"time"

	"luatrace/internal/reliability/trial"
)

// Row is a way in which the kernel tells luatrace of calls.
type Row string

// The rows. In all but Filtered every call of the command is looked at.
const (
	// Filtered has a seccomp filter, and no hook on any call that is made.
	Filtered Row = "filtered"
	// Notified has a filter that asks before every call (USER_NOTIF).
	Notified Row = "notified"
	// Traced has a filter that stops every call before and after it (RET_TRACE).
	Traced Row = "traced"
	// Unfiltered has no filter: every call stops (PTRACE_SYSCALL).
	Unfiltered Row = "unfiltered"
	// Attached is Unfiltered in a process that ran already: -p.
	Attached Row = "attached"
)

// Rows are all rows, in the order of the report's columns.
var Rows = []Row{Filtered, Notified, Traced, Unfiltered, Attached}

// Started are the rows of a command that luatrace starts.
var Started = []Row{Filtered, Notified, Traced, Unfiltered}

// Case is a situation.
type Case struct {
	// Name is a word or more with hyphens, for command lines and test names.
	Name string
	// Says is a sentence or two: the situation and the right behaviour.
	Says string

	// Argv is the command. FIXTURE/x is the program made of testdata/fixtures/x.c, FIXTURE32/x
	// the 32-bit one, LUATRACE is luatrace itself, SELF the program that runs the cases, DIR the
	// directory it runs in, which is empty before.
	Argv []string
	// Long, if not nil, is the command when there is time: with larger sizes.
	Long []string
	// Status is its exit status untraced; -1 is any. With another the case does not happen, and
	// the cell fails.
	Status int
	// Stdin is what it reads; "" is nothing.
	Stdin string
	// Prepare, if not "", is what a shell does in the directory before.
	Prepare string
	// Rows are those in which the case can occur; nil is all.
	Rows []Row
	// Users are those for whom it can occur, by name; nil is all.
	Users []string

	// Look is what the row's hooks do with each call: Lua code on ev. By default they make the
	// line that would be printed, which reads and decodes all there is.
	Look string
	// Script is added to the row's script. Hooks on calls that would make it another row are
	// found, and fail the cell.
	Script string
	// Options are added to luatrace's.
	Options []string
	// Visits, if not 0, is how often luatrace attaches in the row Attached: it comes, looks for
	// a few milliseconds and leaves by Ctrl-C while the command runs. Otherwise it is there
	// from before the command's first call to its end.
	Visits int
	// Timeout is how long it may take in each run; 0 is what trial takes for bounded.
	Timeout time.Duration
	// Mask is a regular expression of what differs from run to run in the output.
	Mask string
	// Check says what is right beyond the same output and status as untraced.
	Check func(*Run) error
	// Differs replaces the comparison with the untraced run.
	Differs func(*Run) error
	// Limits are the rows where the kernel does not allow what Says.
	Limits []Limit

	// Do is the whole case where it takes more than one command: it makes its own
	// comparisons. Argv is not run then.
	Do func(*Cell) error
	// Tests are the tests that show the case in place of a command: "engine.TestKeeper",
	// package and function.
	Tests []string
}

// Limit is a limit of the kernel.
type Limit struct {
	// Rows and Users say where it holds; nil is everywhere.
	Rows  []Row
	Users []string
	// Heading is the one of docs/limits.md below which it is explained.
	Heading string
	// Says is what happens, for the reader.
	Says string
	// Differs replaces the comparison and pins what happens.
	Differs func(*Run) error
}

// Run is a case that was run, untraced and traced.
type Run struct {
	*Cell
	// Untraced and Traced are what the command did.
	Untraced, Traced trial.Outcome
	// Trace is what luatrace wrote: the tables of the row's script, and what the case's
	// script printed.
	Trace string
}

// Has tells whether the case can occur in a row for a user.
func (c *Case) Has(row Row, user string) bool {
	return (c.Rows == nil || slices.Contains(c.Rows, row)) && hasUser(c.Users, user)
}

// limit returns the limit that holds in a cell, nil if there is none.
func (c *Case) limit(row Row, user string) *Limit {
	for i := range c.Limits {
		if l := &c.Limits[i]; (l.Rows == nil || slices.Contains(l.Rows, row)) && hasUser(l.Users, user) {
			return l
		}
	}
	return nil
}

// hasUser takes every ordinary user for nobody.
func hasUser(users []string, user string) bool {
	if user != "root" {
		user = "nobody"
	}
	return users == nil || slices.Contains(users, user)
}

// mask blots out what differs from run to run.
func (c *Case) mask(o trial.Outcome) trial.Outcome {
	if c.Mask != "" {
		re := regexp.MustCompile(c.Mask)
		o.Stdout = re.ReplaceAllString(o.Stdout, "*")
		o.Stderr = re.ReplaceAllString(o.Stderr, "*")
	}
	return o
}
