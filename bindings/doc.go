// Package bindings is the Lua face of luatrace: the functions and objects with which
// scripts trace, and the tests of scripts. The interpreter is package luart, and what
// luatrace check says is package lint. These alone import gopher-lua.
//
// # One table
//
// Every function, value, object and method is a row of a table, with its parameters,
// results and help. The interpreter is filled from the tables, and so are the reference
// ([Reference]), the help and the editor types. To add a function, write
//
//	func fooGlobals() luart.Module { return luart.Module{Functions: []luart.Function{{
//		Name: "foo", Params: "x: number, y?: string", Returns: "boolean",
//		Help: "One line that says what it does.",
//		Fn:   luart.Bind((*Runtime).foo),
//	}}} }
//
// and name it in modules (host.go); objects (userdata with methods) go to objects.
// A row without help, or a global that stands in no table, fails a test.
//
// # Threads
//
// A [Runtime] belongs to one goroutine at a time, as that of luart does.
package bindings
