package syscalls

import (
	"slices"
	"strconv"
	"testing"
)

// TestIoctlRows parses every row of ioctls.tab and makes the arguments of
// every request of the generated tables.
func TestIoctlRows(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, s := range append(sizedIoctls, numberedIoctls...) {
		known[s.name] = true
	}
	for _, abi := range []ABI{AMD64, I386, ARM64} {
		nr, ok := Number(abi, "ioctl")
		if !ok {
			t.Fatalf("%s has no ioctl", abi)
		}
		sig := Lookup(abi, nr)
		for req := range requests(t, abi) {
			names, _, _ := IoctlFor(abi, req)
			for _, name := range names {
				known[name] = true
				if _, err := sig.ioctl.row([]string{name}); err != nil {
					t.Errorf("%s: %v", abi, err)
				}
			}
			params, ret := sig.Select(&[6]uint64{3, uint64(req)})
			for _, typ := range []*Type{params[2].Type, params[2].After, ret} {
				if typ == nil || typ.Kind != KindStruct {
					continue
				}
				if _, err := compileStruct(abi, typ.Struct); err != nil {
					t.Errorf("%s: %s: %v", abi, names, err)
				}
			}
		}
	}
	for _, err := range ioctlTab().errs {
		t.Error(err)
	}
	for req, extra := range ioctlTab().extra {
		names, _, _ := IoctlFor(AMD64, req)
		for _, name := range extra {
			if !slices.Contains(names, name) {
				t.Errorf("%#x is not called %s", req, name)
			}
			known[name] = true
		}
	}
	for name := range ioctlTab().index.at {
		if l, _ := ioctlTab().index.line(name); !known[name] {
			t.Errorf("%s: no ioctl %q", l.where(), name)
		}
	}
}

// requests returns the requests of the generated tables of an ABI.
func requests(t *testing.T, abi ABI) map[uint32]bool {
	t.Helper()
	all := map[uint32]bool{}
	for _, table := range ioctlTables[abi] {
		for key := range table.Records("") {
			req, err := strconv.ParseUint(key, 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			all[uint32(req)] = true
		}
	}
	return all
}

func TestIoctlGeneric(t *testing.T) {
	sig := Lookup(AMD64, 16)
	for _, tc := range []struct {
		req  uint64
		kind TypeKind
		dir  Dir
		name string
	}{
		{0x5401, KindStruct, Out, "termios"},
		{0x80045430, KindRef, Out, ""},               // TIOCGPTN
		{0x5451, KindNone, In, ""},                   // FIOCLEX
		{0xdeadbeef, KindHex, In, ""},                // nobody's
		{0x81004506, KindString, Out, ""},            // EVIOCGNAME(256)
		{0x4008550d, KindRef, In, ""},                // USBDEVFS_REAPURBNDELAY
		{0x5401 + 1<<32, KindStruct, Out, "termios"}, // the upper half does not count
	} {
		params, _ := sig.Select(&[6]uint64{3, tc.req})
		if p := params[2]; p.Kind != tc.kind || p.Dir != tc.dir || p.Struct != tc.name || p.Name != "argp" {
			t.Errorf("%#x: kind %d, direction %d, struct %q", tc.req, p.Kind, p.Dir, p.Struct)
		}
	}
	if n := testing.AllocsPerRun(100, func() { sig.Select(&[6]uint64{3, 0x5401}) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	for name, want := range map[string]uint32{"TCGETS": 0x5401, "FS_IOC_FIEMAP": 0xc020660b, "SNDCTL_TMR_STOP": 0x5403, "O_CREAT": 0, "nothing": 0} {
		if n, ok := IoctlNumber(AMD64, name); n != want || ok != (want != 0) {
			t.Errorf("%s: %#x, %v", name, n, ok)
		}
	}
	if n := IoctlSize(0x81004506); n != 256 {
		t.Errorf("size %d", n)
	}
}
