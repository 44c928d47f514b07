// Package scripts is luatrace's collection of ready scripts, built into the
// program. Each file is one script with one job; what it says about itself with
// meta{...} is its documentation.
package scripts

import (
	"embed"
	"io/fs"
	"strings"
)

// FS holds the scripts as NAME.lua.
//
//go:embed *.lua lib/*.lua
var FS embed.FS

// Compiled is the compiled form of FS, for luart.Library. It is made by:
// go run ./internal/docs.
//
//go:embed compiled.bin
var Compiled []byte

// Names returns the names of all scripts, sorted, without ".lua".
func Names() []string {
	entries, err := fs.ReadDir(FS, ".")
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".lua"); ok {
			names = append(names, name)
		}
	}
	return names
}
