package luart

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// Options say how an interpreter is made. The zero value is usable.
type Options struct {
	// Out is where print, printf and emit write; standard error if nil.
	Out io.Writer
	// Aside, if set, is called before something is written to Out: who else
	// writes there ends the line it is in.
	Aside func()
	// Notice, if set, gets the lines that scripts write for the user: without
	// a prefix or a newline, not yet escaped.
	Notice func(text string)
	// Libraries are searched by require, in order, after the folder of the file
	// that calls it.
	Libraries []Library
	// Sandbox leaves only the functions that touch neither files nor the
	// environment nor other code.
	Sandbox bool
	// ReadOnly makes the functions and assignments raise an error that change
	// what is traced.
	ReadOnly bool
	// Checking makes undeclared globals and comparisons that never hold findings of
	// Check, which stand beside the others, instead of errors of loading.
	Checking bool
	// Timeout ends calls that run longer, with an error; 0 means never.
	Timeout time.Duration
	// OnStuck is told, on another goroutine, of a call that should have ended
	// for its timeout but sits in one built-in that can't be interrupted.
	OnStuck func(error)
	// MaxMemory bounds what scripts may keep, in bytes; 0 means no bound. A call
	// that goes beyond it ends with an error. The bound is on all that this
	// process keeps: see [memoryLimit].
	MaxMemory uint64
	// MemoryOption is the option of the command line that sets MaxMemory, as
	// "--max-memory", for messages; empty where none does.
	MemoryOption string
	// OnExit is called when a script calls os.exit. The script is unwound; the
	// call returns an *[Exit].
	OnExit func(code int)
	// Screen says what Out is, for scripts that ask.
	Screen Screen
	// Seed is what rng() and faults start from that give no seed of their own.
	Seed uint64
	// Logf, if set, is called with the file that a require resolved to.
	Logf func(format string, args ...any)
}

// Limits of the interpreter. Coroutines get small stacks: each costs 26 KB
// instead of the 112 KB of gopher-lua's defaults.
const (
	registrySize       = 20 * 1024
	registryMax        = 1 << 20
	registryGrow       = 64 << 10
	callDepth          = 1000 // making a traceback takes time quadratic in the depth
	coroutineRegistry  = 256
	coroutineGrow      = 1024
	coroutineMax       = 1 << 17 // values that come one by one make it grow step by step
	coroutineCallDepth = 256
	outputBuffer       = 32 * 1024
)

// maxListLength is where a table's list part ends, behind which # does not
// look. gopher-lua fills the gap up to any index below it, in one step that
// can't be interrupted.
const maxListLength = 1 << 24

func init() { lua.MaxArrayIndex = maxListLength }

// A Runtime is one Lua interpreter with luatrace's functions. It belongs to one
// goroutine at a time; see the package comment.
type Runtime struct {
	// L is the interpreter's main thread.
	L *lua.LState
	// Out is the buffered trace output; see [Runtime.Flush].
	Out io.Writer

	opts Options
	members
	current
	writing
	loader
	caches

	memory *memoryLimit
	null   lua.LValue
	arrays *lua.LTable // metatable of json arrays
}

// members are what scripts find: the rows of the interpreter and of its host, and what was
// made of them.
type members struct {
	face     Face
	host     any // see hostOf
	objects  []Object
	globals  *lua.LTable
	builtin  map[string]bool       // globals that scripts can't assign to
	builtins map[string]lua.LValue // what those hold
	classes  map[string]*lua.LTable
	methods  map[string]*lua.LTable
}

// current is the call that runs now, and what can end it.
type current struct {
	intr     *interrupt
	quit     chan struct{} // ends the watchdog
	closing  sync.Once
	depth    int                // nesting of call
	nesting  nesting            // of calls that Go makes
	goBody   *lua.FunctionProto // see inLua
	open     []*lua.Upvalue     // scratch of protected
	exit     *Exit              // set by os.exit until the call returns
	errTrace string             // traceback for debug.traceback inside an xpcall handler
	steps    uint               // of work
}

// writing is the output, and where in it the next text will stand.
type writing struct {
	out        *bufio.Writer
	fileErr    error  // see FileError
	line       []byte // scratch for one line of output
	midline    bool   // the output stands inside a line of a script's
	wrote      bool   // something was written
	stamps     int    // how many time stamps were made
	stamped    uint64 // the call that last asked for a time stamp: it writes its own
	frameLines int    // of the picture that output.frame has drawn last
}

// loader is what was loaded so far.
type loader struct {
	sources  map[string]*source    // by chunk name
	loaded   map[string]lua.LValue // values of modules, by chunk name
	found    []*ScriptError        // with Checking
	lookedAt bool                  // see LookOnly
}

// caches are the patterns that were compiled, and what they take.
type caches struct {
	regexes                  map[string]*Regex
	patterns                 map[string]*pattern
	regexBytes, patternBytes int
}

// New makes an interpreter that has what face adds to it. Functions of its rows get
// the host; attach is given the interpreter before its globals are made.
func New(opts Options, face Face, host any, attach func(r *Runtime)) *Runtime {
	if opts.Out == nil {
		opts.Out = os.Stderr
	}
	L := lua.NewState(lua.Options{
		SkipOpenLibs:        true,
		RegistrySize:        registrySize,
		RegistryMaxSize:     registryMax,
		RegistryGrowStep:    registryGrow,
		CallStackSize:       callDepth,
		IncludeGoStackTrace: true,
	})
	// gopher-lua makes threads with these options.
	L.Options.RegistrySize = coroutineRegistry
	L.Options.RegistryGrowStep = coroutineGrow
	L.Options.RegistryMaxSize = coroutineMax
	L.Options.CallStackSize = coroutineCallDepth

	r := &Runtime{
		L:    L,
		opts: opts,
		members: members{
			face:     face,
			host:     host,
			objects:  append(OwnObjects(), face.Objects...),
			builtin:  map[string]bool{},
			builtins: map[string]lua.LValue{},
			classes:  map[string]*lua.LTable{},
			methods:  map[string]*lua.LTable{},
		},
		current: current{intr: newInterrupt(), quit: make(chan struct{})},
		writing: writing{out: bufio.NewWriterSize(opts.Out, outputBuffer)},
		loader:  loader{sources: map[string]*source{}, loaded: map[string]lua.LValue{}},
		caches:  caches{regexes: map[string]*Regex{}, patterns: map[string]*pattern{}},
	}
	r.Out = r.out
	if attach != nil {
		attach(r)
	}
	L.SetContext(r.intr)
	L.G.Registry.RawSetString(runtimeKey, &lua.LUserData{Value: r})
	r.openStandard()
	r.installWords()
	r.install()
	r.protectGlobals()
	r.memory = newMemoryLimit(opts.MaxMemory, opts.MemoryOption, r.intr)
	if opts.Timeout > 0 {
		go r.intr.watch(opts.Timeout, overran(opts.Timeout), opts.OnStuck, r.quit)
	}
	return r
}

// Close flushes the output and ends the watchdog. The Runtime must not be used
// afterwards.
func (r *Runtime) Close() error {
	r.closing.Do(func() {
		close(r.quit)
		r.memory.close()
		r.L.Close()
	})
	return r.Flush()
}

// Flush writes the buffered output.
func (r *Runtime) Flush() error { return r.out.Flush() }

// Call calls a Lua function and drops its results. It allocates nothing when
// the function doesn't. The error is a *[ScriptError], or an *[Exit] if the
// script called os.exit.
//
// No error handler is given to PCall on purpose: with one, gopher-lua 1.1.2
// doesn't close upvalues when an error unwinds, and closures made in a
// protected call then share their variables with whatever comes next. Without
// a handler PCall records the traceback itself.
func (r *Runtime) Call(fn *lua.LFunction, args ...lua.LValue) error {
	r.L.Push(fn)
	for _, a := range args {
		r.L.Push(a)
	}
	return r.pcall(len(args), 0)
}

// Call1 is Call for a function whose first result is wanted.
func (r *Runtime) Call1(fn *lua.LFunction, args ...lua.LValue) (lua.LValue, error) {
	r.L.Push(fn)
	for _, a := range args {
		r.L.Push(a)
	}
	if err := r.pcall(len(args), 1); err != nil {
		return lua.LNil, err
	}
	v := r.L.Get(-1)
	r.L.Pop(1)
	return v, nil
}

// pcall calls the function below the n values on top of the stack.
func (r *Runtime) pcall(n, results int) error {
	if r.depth == 0 {
		r.intr.enter()
	}
	r.depth++
	if err := r.Protected(r.L, n, results); err != nil {
		return r.failed(err)
	}
	r.depth--
	if r.depth == 0 {
		r.intr.leave()
	}
	return nil
}

// failed ends a call of pcall that has failed, and returns its error.
func (r *Runtime) failed(err error) error {
	late := r.intr.ranOver()
	failed := r.scriptError(err) // it may call a __tostring, which may be interrupted too
	failed.late = late
	r.depth--
	if r.depth == 0 {
		r.intr.leave()
		if r.exit != nil {
			e := r.exit
			r.exit = nil
			return e
		}
	}
	return failed
}

// Interrupt makes the call that runs now fail with the reason as its message,
// "FILE:LINE: reason"; pcall in the script can't hold it. It reports whether a
// call was running. The next call runs normally. Safe for any goroutine.
func (r *Runtime) Interrupt(reason string) bool {
	return r.intr.stop(r.intr.state.Load(), fmt.Errorf("%s", reason))
}

// Exit is the error of a call in which the script called os.exit.
type Exit struct{ Code int }

// Error says which status was asked for.
func (e *Exit) Error() string { return fmt.Sprintf("script asked to exit with status %d", e.Code) }

// requestExit unwinds the running script. The interrupt keeps a pcall of the
// script from going on.
func (r *Runtime) requestExit(L *lua.LState, code int) {
	r.exit = &Exit{Code: code}
	if r.opts.OnExit != nil {
		r.opts.OnExit(code)
	}
	r.Interrupt(r.exit.Error())
	L.RaiseError("%s", r.exit.Error())
}

// LookOnly makes functions that reach out of a script raise errors, or ends that: who
// lists or checks a script does not run it.
func (r *Runtime) LookOnly(yes bool) { r.lookedAt = yes }

// NewThread makes a coroutine's state that obeys Interrupt. States from
// LState.NewThread do not.
func (r *Runtime) NewThread() *lua.LState {
	th, _ := r.L.NewThread()
	th.SetContext(r.intr)
	return th
}
