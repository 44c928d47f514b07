// Package luart is the interpreter for Lua scripts: gopher-lua with limits of time, memory
// and depth, 64-bit words, patterns and regular expressions that can be interrupted, JSON,
// output that can't steer a terminal, a sandbox, and the analysis of compiled functions. It
// knows nothing of tracing: package bindings adds that.
//
// # Rows
//
// Functions, values, objects and methods are rows of tables (registry.go), with their
// parameters, results and help. [OwnModules] and [OwnObjects] are those of every
// interpreter; the [Face] that is given to [New] adds others, and answers what the
// interpreter asks. A row's function gets the interpreter or the host: see [Bind].
//
// # From text to function
//
// passes.go lists what is done with a text until it is a function.
//
// # Threads
//
// A [Runtime] belongs to one goroutine at a time; the caller provides the
// mutual exclusion. [Runtime.Interrupt] alone may be called from anywhere.
//
// # Numbers
//
// Lua numbers are doubles. What can exceed 2^53 is a [Word] or a [SignedWord],
// own Lua values that compare, add, print and serve as table keys. No function
// of this package rounds an integer silently.
//
// # Depth
//
// A Go stack that is used up ends the process. What calls itself for each level of a
// script's text is bounded before the text is parsed (load_levels.go), and calls of Lua
// code by Go code that Lua code has called are, for all coroutines together
// (coroutine.go).
//
// # Globals
//
// Built-ins and constants can be read but not assigned to; constants are looked
// up on first use. In a script file an undeclared global is an error, found
// when the file is loaded; in -e code globals may be used as in awk.
package luart
