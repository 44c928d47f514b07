package bindings

import (
	"bytes"
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
	"luatrace/engine"
)

// TestResult is how one test of a script ended.
type TestResult struct {
	TestBlock
	Failures []string // "FILE:LINE: what was wrong"; none if it passed
	Checks   int      // calls of t:expect
}

// TestOptions say how [RunTests] makes its interpreters.
type TestOptions struct {
	// Load compiles the script; it is called for each test anew, so that none
	// sees what another left in the script's variables.
	Load func(*Runtime) (Function, error)
	// Runtime is for the interpreter; Out is replaced.
	Runtime luart.Options
	// Wanted chooses tests by name; nil takes all.
	Wanted func(name string) bool
	// Line is as in TraceOptions.
	Line func(dst []byte, ev *engine.Event) []byte
}

// RunTests runs the tests of a script on events that are made up: no process
// is started or looked at. The error is why the script can't be loaded at all.
func RunTests(o TestOptions) ([]TestResult, error) {
	blocks, err := o.blocks()
	if err != nil {
		return nil, err
	}
	results := []TestResult{}
	for _, b := range blocks {
		if o.Wanted == nil || o.Wanted(b.Name) {
			results = append(results, o.run(b))
		}
	}
	return results, nil
}

// blocks compiles the script once, to learn its tests.
func (o *TestOptions) blocks() ([]TestBlock, error) {
	r := New(o.Runtime)
	defer r.Close()
	fn, err := o.Load(r)
	if err != nil {
		return nil, err
	}
	return r.tests(fn)
}

func (r *Runtime) tests(fn Function) ([]TestBlock, error) {
	file, tree, ok := r.Source(fn)
	if !ok {
		return nil, fmt.Errorf("no source of %s", fn.Proto.SourceName)
	}
	return TestsOf(file, tree)
}

// testRun is the t of a test: one simulation.
type testRun struct {
	t        *Trace
	block    TestBlock
	fn       *lua.LFunction // found while the script loads
	out      *bytes.Buffer
	sim      *engine.Simulation
	result   *TestResult
	errors   []string // of hooks, not yet asked for
	finished bool
	raising  bool    // hooks run, or may
	recorded float64 // when recorded events happened: ev.time of a test less that of the record; 0 before the first
}

// start is when the clock of tests starts: 2001-09-09 01:46:40 UTC.
var start = time.Unix(1e9, 0)

// testPID is the process of events that name none.
const testPID = 1000

func (o *TestOptions) run(b TestBlock) TestResult {
	res := TestResult{TestBlock: b}
	out := &bytes.Buffer{}
	opts := o.Runtime
	opts.Out = out
	r := New(opts)
	defer r.Close()
	tr := &testRun{block: b, out: out, result: &res}
	eng := engine.New(engine.Options{Report: func(msg string) { tr.errors = append(tr.errors, msg) }})
	tr.t = NewTrace(r, eng, TraceOptions{Line: o.Line})
	r.test = tr
	r.SetArgs(b.Args)
	fn, err := o.Load(r)
	if err == nil {
		err = r.RunScript(fn)
	}
	if err == nil {
		err = tr.unusedArgs(r)
	}
	if err == nil && tr.fn == nil {
		err = fmt.Errorf("%s:%d: the script did not come to this test", fn.Proto.SourceName, b.Line)
	}
	if err != nil {
		res.Failures = append(res.Failures, err.Error())
		return res
	}
	tr.sim = eng.Simulate(start)
	tr.sim.Begin()
	if err := r.Call(tr.fn, r.NewObject("test", tr)); err != nil {
		res.Failures = append(res.Failures, err.Error())
	}
	tr.finish()
	for _, msg := range tr.errors {
		res.Failures = append(res.Failures, "a hook failed: "+msg)
	}
	if res.Checks == 0 && len(res.Failures) == 0 {
		res.Failures = append(res.Failures, fmt.Sprintf("%s:%d: the test expects nothing: it can't fail", fn.Proto.SourceName, b.Line))
	}
	return res
}

func (tr *testRun) unusedArgs(r *Runtime) error {
	unused, known := r.UnusedArgs(len(r.scripts.metas) == 0)
	if len(unused) == 0 {
		return nil
	}
	return fmt.Errorf("test %q: the script has no argument %q (it has %s)", tr.block.Name, unused[0], joinNames(known))
}

// finish ends the simulated trace, once.
func (tr *testRun) finish() {
	if !tr.finished {
		tr.finished = true
		tr.sim.End()
	}
}

// output is what the script has written since the last call of clear.
func (tr *testRun) output() string {
	tr.t.r.Flush()
	return tr.out.String()
}
