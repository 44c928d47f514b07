package luart

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// loading marks a module whose main function runs.
var loading = lua.LValue(&lua.LUserData{})

// require is the global require. A module is known by its tree and path, so
// two scripts in different folders may each have their own.
func (r *Runtime) require(L *lua.LState) int {
	name := L.CheckString(1)
	file, ok := modulePath(name)
	if !ok {
		L.ArgError(1, "'"+EscapeName(name)+"' is not a module name; letters, digits, '_' and '-', parts separated by '.'")
	}
	var searched []string
	for _, p := range r.places(L) {
		full := path.Join(p.dir, file)
		src := &source{name: p.fsName + ":" + full, place: p}
		if p.onDisk {
			src.name = EscapeName(path.Join(p.fsName, full))
		}
		src.dir = path.Dir(full)
		text, err := r.read(p, full)
		if errors.Is(err, fs.ErrNotExist) {
			searched = append(searched, src.name)
			continue
		}
		if err != nil {
			L.RaiseError("require '%s': %s", name, err.Error())
		}
		if r.opts.Logf != nil {
			r.opts.Logf("require '%s': %s", name, src.name)
		}
		L.Push(r.runModule(L, name, text, src))
		return 1
	}
	if r.opts.Sandbox {
		L.RaiseError("module '%s' is not in luatrace's collection; %s", name, NotInSandbox("another"))
	}
	if len(searched) == 0 {
		L.RaiseError("module '%s' not found: code that isn't in a file has no folder to search", name)
	}
	L.RaiseError("module '%s' not found: no file %s", name, strings.Join(searched, ", "))
	return 0
}

// read returns the text of a module.
func (r *Runtime) read(p place, full string) ([]byte, error) {
	if p.onDisk {
		return r.readScript(path.Join(p.fsName, full))
	}
	return fs.ReadFile(p.fsys, full)
}

// places lists where the running function's require searches.
func (r *Runtime) places(L *lua.LState) []place {
	var places []place
	if s := r.callerSource(L); s != nil && s.fsys != nil && !(r.opts.Sandbox && s.onDisk) {
		places = append(places, s.place)
	}
	for _, lib := range r.opts.Libraries {
		places = append(places, place{lib.FS, lib.Name, ".", false})
	}
	return places
}

func (r *Runtime) runModule(L *lua.LState, name string, text []byte, src *source) lua.LValue {
	chunk := src.name
	switch v := r.loaded[chunk]; v {
	case nil:
	case loading:
		L.RaiseError("require '%s': the module requires itself, directly or through others", name)
	default:
		return v
	}
	fn, err := r.compile(text, src)
	if err != nil {
		L.RaiseError("require '%s': %s", name, err.Error())
	}
	r.loaded[chunk] = loading
	done := false
	defer func() { // an error unwinds as a panic; the module may be tried again
		if !done {
			delete(r.loaded, chunk)
		}
	}()
	L.Push(fn)
	L.Push(lua.LString(name))
	L.Call(1, 1)
	v := L.Get(-1)
	L.Pop(1)
	if v == lua.LNil {
		v = lua.LTrue
	}
	r.loaded[chunk] = v
	done = true
	return v
}

// modulePath turns a module name into a path; ok is false for names that could
// lead out of the folder.
func modulePath(name string) (file string, ok bool) {
	for part := range strings.SplitSeq(name, ".") {
		if part == "" {
			return "", false
		}
		for i := range len(part) {
			switch c := part[i]; {
			case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-':
			default:
				return "", false
			}
		}
	}
	return strings.ReplaceAll(name, ".", "/") + ".lua", true
}
