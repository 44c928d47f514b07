package decode

import (
	"testing"

	"luatrace/tracer/syscalls"
)

// FuzzCall decodes and prints any call with any words over any memory: nothing
// may panic, hold more than the caps, or print invalid JSON.
func FuzzCall(f *testing.F) {
	f.Add(uint8(0), uint16(257), uint64(0xffffff9c), uint64(0x1000), uint64(0x241), uint64(0o644), uint64(0), uint64(0), int64(3), []byte("/etc/passwd\x00"))
	f.Add(uint8(0), uint16(20), uint64(1), uint64(0x1000), uint64(3), uint64(0), uint64(0), uint64(0), int64(5), pack(uint64(0x1010), uint64(5), "hello"))
	f.Add(uint8(0), uint16(47), uint64(1), uint64(0x1000), uint64(0), uint64(0), uint64(0), uint64(0), int64(5), pack(uint64(0x1000), uint64(128), uint64(0x1000), uint64(1), uint64(0x1000), uint64(64), uint64(0)))
	f.Add(uint8(0), uint16(217), uint64(1), uint64(0x1000), uint64(0x8000), uint64(0), uint64(0), uint64(0), int64(24), pack(uint64(7), uint64(1), uint16(24), uint8(4), "a\x00\x00\x00\x00"))
	f.Add(uint8(1), uint16(5), uint64(0x1000), uint64(0x8000), uint64(0), uint64(0), uint64(0), uint64(0), int64(-2), []byte{})
	f.Add(uint8(2), uint16(435), uint64(0x1000), uint64(88), uint64(0), uint64(0), uint64(0), uint64(0), int64(77), make([]byte, 88))
	f.Fuzz(func(t *testing.T, abi uint8, nr uint16, a, b, c, d, e, g uint64, ret int64, mem []byte) {
		call := &Call{ABI: syscalls.ABI(abi % uint8(syscalls.NumABI)), NR: int(nr % 480), Mem: pages{0x1000: mem}}
		call.Sig = syscalls.Lookup(call.ABI, call.NR)
		call.Args = [6]uint64{a, b, c, d, e, g}
		call.BufferLimit = MaxData
		check := func() {
			for i := range call.NumArgs() {
				call.Arg(i).force(0)
			}
			DefaultText.AppendCall(nil, call)
			(&Text{HexStrings: HexNonASCII, Consts: ConstVerbose, PIDNames: true, ArgNames: true, FDs: FDPath}).AppendCall(nil, call)
			checkJSON(t, call)
			if call.arena.spent > MaxData {
				t.Fatalf("%d bytes held", call.arena.spent)
			}
		}
		call.LatchAll()
		check()
		call.Exited, call.Ret = true, ret
		if ret < 0 && ret > -4096 {
			call.Errno = int(-ret)
		}
		check()
		call.Reset()
		check()
	})
}
