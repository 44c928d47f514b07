package main

import (
	"os"

	"luatrace/bindings"
	"luatrace/bindings/luart"
)

// compiledTarget holds the scripts of the collection as the program loads them. While a script
// differs from its compiled form, luatrace compiles it at each start.
const compiledTarget = "scripts/compiled.bin"

// compiledScripts compiles the scripts as they are in the tree now.
func compiledScripts() ([]byte, error) {
	return bindings.CompileLibrary(luart.Library{Name: "luatrace", FS: os.DirFS("scripts")})
}
