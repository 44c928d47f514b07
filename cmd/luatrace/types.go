package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"luatrace/bindings"
	"luatrace/bindings/luart"
)

const typesUsage = `usage: luatrace types [DIRECTORY]
Writes definitions of the script interface for editors that use the Lua language
server: to DIRECTORY/luatrace.d/luatrace.lua, with a DIRECTORY/.luarc.json that
names them unless there is one; without DIRECTORY to standard output.
`

// types is luatrace types.
func types(args []string, std stdio) status {
	switch {
	case len(args) == 1 && (args[0] == "-h" || args[0] == "--help"):
		fmt.Fprint(std.out, typesUsage)
		return status{}
	case len(args) > 1 || len(args) == 1 && strings.HasPrefix(args[0], "-"):
		fmt.Fprintln(std.err, "luatrace: types takes one directory at most (see luatrace types --help)")
		return status{code: exitUsage}
	}
	err := error(nil)
	if len(args) == 0 {
		err = bindings.WriteTypes(std.out)
	} else {
		err = writeTypes(args[0], std)
	}
	if err != nil {
		fmt.Fprintf(std.err, "luatrace: types: %s\n", luart.Escape(err.Error()))
		return status{code: exitFailure}
	}
	return status{}
}

func writeTypes(dir string, std stdio) error {
	const folder = "luatrace.d"
	if err := os.MkdirAll(filepath.Join(dir, folder), 0o777); err != nil {
		return err
	}
	name := filepath.Join(dir, folder, "luatrace.lua")
	f, err := openFile(name, replaces, 0o666)
	if err != nil {
		return err
	}
	if err := errors.Join(bindings.WriteTypes(f), f.Close()); err != nil {
		return err
	}
	fmt.Fprintln(std.out, luart.Escape(name))
	rc := filepath.Join(dir, ".luarc.json")
	g, err := openFile(rc, creates, 0o666)
	if errors.Is(err, os.ErrExist) {
		fmt.Fprintf(std.out, "%s is there already: add %q to its workspace.library\n", luart.Escape(rc), folder)
		return nil
	}
	if err != nil {
		return err
	}
	_, err = g.WriteString(bindings.Luarc(folder))
	if err := errors.Join(err, g.Close()); err != nil {
		return err
	}
	fmt.Fprintln(std.out, luart.Escape(rc))
	return nil
}
