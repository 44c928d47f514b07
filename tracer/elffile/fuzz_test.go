package elffile

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"
)

// FuzzELF: whatever is called an ELF file, it is read within the limits, and what
// is found stands in it.
func FuzzELF(f *testing.F) {
	f.Add(sample(binary.LittleEndian), uint32(0))
	f.Add(sample(binary.BigEndian), uint32(1<<30))
	if b, err := os.ReadFile("/bin/true"); err == nil {
		f.Add(b, uint32(0))
	}
	f.Fuzz(func(t *testing.T, b []byte, more uint32) {
		r := &counted{ReaderAt: zeros(b)}
		size := int64(len(b)) + int64(more)
		file, err := New(r, size)
		if err != nil {
			return
		}
		if interpreter, err := file.Interpreter(); err == nil && interpreter != "" && !bytes.Contains(b, []byte(interpreter)) {
			t.Errorf("interpreter %q", interpreter)
		}
		needed, err := file.Needed()
		for _, name := range needed {
			if err == nil && !bytes.Contains(b, []byte(name)) {
				t.Errorf("needed %q", name)
			}
		}
		if soname, err := file.Soname(); err == nil && !bytes.Contains(b, []byte(soname)) {
			t.Errorf("soname %q", soname)
		}
		imports, n := false, 0
		for s, err := range file.Symbols() {
			if err == nil && !bytes.Contains(b, []byte(s.Name)) {
				t.Errorf("symbol %q", s.Name)
			}
			imports = imports || err == nil && s.Name == "ptrace" && s.Section == 0
			if n++; n > 1000 { // names of zeros are in no hurry
				break
			}
		}
		if got, err := file.Imports("ptrace"); imports && !got && err == nil {
			t.Error("a symbol is not found")
		}
		if r.n > MaxRead {
			t.Errorf("%d bytes read", r.n)
		}
	})
}
