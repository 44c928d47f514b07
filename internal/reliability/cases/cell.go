package cases

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"luatrace/internal/fixture"
	"luatrace/internal/reliability/trial"
)

// Cell is a case in a row for a user.
type Cell struct {
	*Case
	Row  Row
	User trial.User
	// Luatrace is the path of the command.
	Luatrace string
	// Large says that there is time for large sizes.
	Large bool
	// dir is for what the cell writes; the user can write there too.
	dir string
}

// Cells are the cells of a case for a user.
func (c *Case) Cells(user trial.User, luatrace string) []*Cell {
	var list []*Cell
	for _, row := range Rows {
		if c.Has(row, user.Name) {
			list = append(list, &Cell{Case: c, Row: row, User: user, Luatrace: luatrace})
		}
	}
	return list
}

// Limit is the limit that holds here, nil if none does.
func (c *Cell) Limit() *Limit { return c.limit(c.Row, c.User.Name) }

// Test runs the cell and says what is wrong, nil if all is well. Nothing stays behind: no
// process, no file. It can run beside others.
func (c *Cell) Test() (err error) {
	if len(c.Tests) > 0 {
		return nil // the runner runs them
	}
	arguments := c.arguments(c.Row)
	if err := checkPlan(c.Luatrace, c.User, c.Row, arguments); err != nil {
		return err
	}
	if c.dir, err = os.MkdirTemp("", "luatrace-case-"); err != nil {
		return err
	}
	defer os.RemoveAll(c.dir)
	if err := c.open(c.dir); err != nil {
		return err
	}
	if c.Do != nil {
		return c.Do(c)
	}
	return c.compare(arguments)
}

// open makes a directory the user's, and one that others can look into.
func (c *Cell) open(dir string) error {
	return errors.Join(os.Chmod(dir, 0o755), c.User.Own(dir))
}

// Subdir makes a directory in the cell's own that is the user's.
func (c *Cell) Subdir(name string) (string, error) {
	dir := filepath.Join(c.dir, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	return dir, c.open(dir)
}

// compare runs the command untraced and traced.
func (c *Cell) compare(arguments []string) error {
	r := &Run{Cell: c}
	var err error
	if r.Untraced, err = c.untraced(); err != nil {
		return fmt.Errorf("untraced: %w", err)
	}
	if c.Status != -1 && r.Untraced.Code != c.Status {
		return fmt.Errorf("untraced it ended with %s, want exit %d: stdout %s, stderr %s", r.Untraced.Ended(), c.Status, trial.Short(r.Untraced.Stdout), trial.Short(r.Untraced.Stderr))
	}
	if r.Traced, r.Trace, err = c.traced(arguments); err != nil {
		return err
	}
	r.Untraced, r.Traced = c.mask(r.Untraced), c.mask(r.Traced)
	differs, check := c.Differs, c.Check
	if differs == nil {
		differs = (*Run).Compare
	}
	if l := c.Limit(); l != nil {
		differs, check = l.Differs, nil
	}
	err = differs(r)
	// in visits there may be nothing to see
	if err == nil && c.Row != Filtered && c.Visits == 0 && !strings.Contains(r.Trace, "execve") {
		err = errors.New("the hooks have seen no execve: nothing was traced")
	}
	if err == nil && check != nil {
		err = check(r)
	}
	if err != nil {
		return fmt.Errorf("%w\ntraced: %s, stdout %s, stderr %s\nthe trace: %s", err,
			r.Traced.Ended(), trial.Short(r.Traced.Stdout), trial.Short(r.Traced.Stderr), trial.Short(r.Trace))
	}
	return nil
}

// Compare is what must hold in a cell unless the case says otherwise: the same output and
// status, in bounded time, and nothing left.
func (r *Run) Compare() error { return r.Traced.Differs(r.Untraced) }

// command is the case's command in a directory, prepared.
func (c *Cell) command(dir string) (trial.Command, error) {
	cmd := trial.Command{Dir: dir, User: c.User, Timeout: c.Timeout, Env: []string{"HOME=" + dir}}
	argv := c.Argv
	if c.Large && c.Long != nil {
		argv = c.Long
	}
	for _, a := range argv {
		a, err := c.Expand(a, dir)
		if err != nil {
			return cmd, err
		}
		cmd.Argv = append(cmd.Argv, a)
	}
	if c.Stdin != "" {
		cmd.Stdin = strings.NewReader(c.Stdin)
	}
	if c.Prepare == "" {
		return cmd, nil
	}
	o, err := trial.Run(trial.Command{Argv: []string{"sh", "-e", "-c", c.Prepare}, Dir: dir, User: c.User})
	if err == nil && o.Code != 0 {
		err = fmt.Errorf("prepare: %s: %s", o.Ended(), o.Stderr)
	}
	return cmd, err
}

// Expand puts paths in the place of FIXTURE/x, FIXTURE32/x, LUATRACE and DIR.
func (c *Cell) Expand(word, dir string) (string, error) {
	word = strings.NewReplacer("LUATRACE", c.Luatrace, "DIR", dir).Replace(word)
	if strings.Contains(word, "SELF") {
		self, err := fixture.Self()
		if err != nil {
			return "", err
		}
		word = strings.ReplaceAll(word, "SELF", self)
	}
	for {
		build := fixture.Compile
		before, rest, found := strings.Cut(word, "FIXTURE/")
		if !found {
			build = fixture.CompileStatic32
			if before, rest, found = strings.Cut(word, "FIXTURE32/"); !found {
				return word, nil
			}
		}
		n := strings.IndexFunc(rest, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9') })
		if n < 0 {
			n = len(rest)
		}
		switch rest[:n] {
		case "hello32":
			build = fixture.Compile32
		case "calls32":
			build = fixture.CompileStatic32
		}
		path, err := build(rest[:n])
		if err != nil {
			return "", err
		}
		word = before + path + rest[n:]
	}
}

// natives remembers the untraced runs, which the rows of a case share.
var natives sync.Map // string -> func() (trial.Outcome, error)

// untraced is what the command does untraced.
func (c *Cell) untraced() (trial.Outcome, error) {
	if c.Name == "" {
		return c.runUntraced()
	}
	key := fmt.Sprint(c.Name, " ", c.User.Name, " ", c.Large)
	run, _ := natives.LoadOrStore(key, sync.OnceValues(c.runUntraced))
	return run.(func() (trial.Outcome, error))()
}

func (c *Cell) runUntraced() (trial.Outcome, error) {
	dir, err := c.Subdir("untraced")
	if err != nil {
		return trial.Outcome{}, err
	}
	cmd, err := c.command(dir)
	if err != nil {
		return trial.Outcome{}, err
	}
	// what it leaves running, as a daemon, may end by itself
	cmd.Grace = trial.Timeout
	o, err := trial.Run(cmd)
	return clean(o, dir), err
}

// clean makes the output of runs in different directories comparable.
func clean(o trial.Outcome, dir string) trial.Outcome {
	o.Stdout, o.Stderr = strings.ReplaceAll(o.Stdout, dir, "DIR"), strings.ReplaceAll(o.Stderr, dir, "DIR")
	return o
}

func (c *Cell) traced(arguments []string) (trial.Outcome, string, error) {
	dir, err := c.Subdir("traced")
	if err != nil {
		return trial.Outcome{}, "", err
	}
	traces, err := c.Subdir("trace")
	if err != nil {
		return trial.Outcome{}, "", err
	}
	file := filepath.Join(traces, "trace")
	arguments = append([]string{c.Luatrace, "-o", file}, arguments...)
	cmd, err := c.command(dir)
	if err != nil {
		return trial.Outcome{}, "", err
	}
	var o trial.Outcome
	if c.Row == Attached && c.Visits > 0 {
		o, err = c.visited(cmd, arguments)
	} else if c.Row == Attached {
		o, err = c.attached(cmd, arguments)
	} else {
		cmd.Argv = append(append(arguments, "--"), cmd.Argv...)
		o, err = trial.Run(cmd)
	}
	if err != nil {
		return o, "", err
	}
	trace, err := os.ReadFile(file)
	return clean(o, dir), string(trace), err
}

// attached starts the command behind a shell that waits, attaches to the shell, and lets it
// go on.
func (c *Cell) attached(cmd trial.Command, luatrace []string) (trial.Outcome, error) {
	gate := filepath.Join(c.dir, "trace", "gate")
	cmd.Argv = append([]string{"sh", "-c", `until test -e "$0"; do sleep 0.01; done; exec "$@"`, gate}, cmd.Argv...)
	p, err := trial.Start(cmd)
	if err != nil {
		return trial.Outcome{}, err
	}
	pid := p.PID()
	tracer, err := trial.Start(trial.Command{Argv: append(luatrace, "-p", fmt.Sprint(pid)), Dir: "/", User: c.User, Timeout: c.Timeout})
	if err == nil && !trial.Until(func() bool { t := trial.Field(pid, "TracerPid"); return t != "0" }) {
		err = errors.New("luatrace did not attach")
	}
	if e := os.WriteFile(gate, nil, 0o644); err == nil {
		err = e
	}
	o, e := p.Wait()
	if err = errors.Join(err, e); err != nil || tracer == nil {
		return o, err
	}
	t, err := tracer.Wait()
	// a command that did not end is the fault then, not that luatrace is still there
	if err == nil && !o.TimedOut && (t.Code != 0 || t.Stdout+t.Stderr != "" || t.TimedOut || len(t.Left) > 0) {
		err = fmt.Errorf("luatrace -p ended with %s and said %s", t.Ended(), trial.Short(t.Stdout+t.Stderr))
	}
	return o, err
}

// Count is how often the row's hooks saw a call, as the table at the end of the trace says:
// its entries where the row has such a hook, else its exits.
func (r *Run) Count(call string) int {
	table := "enters"
	if r.Row == Traced {
		table = "exits"
	}
	return r.table(table, call)
}

// table sums the rows of one table of the trace whose first key is the call.
func (r *Run) table(table, call string) int {
	n, in := 0, false
	for line := range strings.Lines(r.Trace) {
		f := strings.Fields(line)
		switch {
		case len(f) == 1 && f[0] != "count":
			in = f[0] == table
		case in && len(f) > 1 && f[1] == call:
			var k int
			fmt.Sscan(f[0], &k)
			n += k
		}
	}
	return n
}

// Paired checks that every entry of a call that hooks saw has an exit. Only Unfiltered and
// Attached look at both.
func (r *Run) Paired(call string) error {
	if r.Row != Unfiltered && r.Row != Attached {
		return nil
	}
	if in, out := r.table("enters", call), r.table("exits", call); in != out {
		return fmt.Errorf("%d entries of %s, and %d exits", in, call, out)
	}
	return nil
}
