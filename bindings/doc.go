// Package bindings is the Lua face of luatrace: the interpreter with its
// limits, the functions and objects scripts see, and the loading and analysis
// of script files. It is the only importer of gopher-lua.
//
// # One table
//
// Every function, value, object and method is a row of the table in
// registry.go, with its parameters, results and help. The interpreter is
// filled from that table, and so are the reference ([Reference]), the help and
// the editor types. To add a function, write
//
//	func fooGlobals() module { return module{functions: []function{{
//		name: "foo", params: "x: number, y?: string", returns: "boolean",
//		help: "One line that says what it does.",
//		fn:   (*Runtime).foo,
//	}}} }
//
// and name it in [modules]; objects (userdata with methods) go to [objects].
// A row without help, or a global that stands in no table, fails a test.
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
package bindings
