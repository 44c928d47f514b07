package bindings

import (
	"strings"
	"testing"

	"luatrace/bindings/luart"
)

// FuzzCheck: `luatrace check` finds something in a script or nothing, whatever it
// is given, and says where.
func FuzzCheck(f *testing.F) {
	for _, tc := range passing {
		f.Add(tc.code)
	}
	f.Add(`on("openat", {when = {path = under "/etc", flags = bits "O_CREAT", ret = ge(1), pid = {1, 2}}}, function(ev) ev.pth = ev.mem:string(ev.raw[2]) end)`)
	f.Add(`meta{name = "s", args = {n = {type = "number", default = {}}}} every("x", print) fault("%file:enter", {rate = -1, when = {cyclic = 1}}) syscall.define "f("`)
	f.Fuzz(func(t *testing.T, code string) {
		if len(code) > 5000 {
			return
		}
		r := New(luart.Options{Out: &strings.Builder{}, Timeout: 200e6})
		defer r.Close()
		fn, err := r.LoadReader(strings.NewReader(code), "s.lua")
		if err != nil {
			if !strings.Contains(err.Error(), "s.lua") {
				t.Fatalf("%q: %v", code, err)
			}
			return
		}
		for _, e := range CheckScript(r, fn) {
			if wrong := wrongMessage(e.Error()); wrong != "" || !strings.HasPrefix(e.Error(), "s.lua:") {
				t.Fatalf("%q: %s %v", code, wrong, e)
			}
		}
	})
}
