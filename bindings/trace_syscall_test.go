package bindings

import (
	"strings"
	"testing"

	"luatrace/bindings/luart"
)

func TestSyscallModule(t *testing.T) {
	t.Parallel()
	r, out := newTest(t, luart.Options{})
	got := output(t, r, out, `
		local c = syscall.describe "openat"
		print(c.name, c.numbers.amd64, c.numbers.i386, c.numbers.arm64, table.concat(c.classes, " "), c.ret.kind, #c.variants)
		for i, a in ipairs(c.args) do print(i, a.name, table.concat(a.aliases, ","), a.kind, a.type, a.direction, a.set, a.only) end
		print(c.args[3].names[1], #c.args[3].names > 15)
		local f = syscall.describe "fcntl"
		for _, v in ipairs(f.variants) do if v.only == "op is F_SETFD" then print(v.args[3].kind, v.args[3].names[1], v.ret.type) end end
		local a = syscall.describe "accept"
		print(a.args[2].type, a.args[2].direction, a.args[3].kind, a.args[3].direction)
		local p = syscall.describe "poll"
		print(p.args[1].type, p.args[1].kind)
		local s = syscall.struct "epoll_event"
		print(s.name, s.size, #s.fields, s.fields[1].name, s.fields[1].offset, s.fields[1].size, s.fields[1].type, s.fields[1].set)
		print(syscall.struct("utsname").name, syscall.struct "struct stat".size, #syscall.struct("tcphdr").fields > 10)
		for _, f in ipairs(syscall.struct("tcphdr").fields) do if f.name == "doff" then print(f.name, f.offset, f.bits) end end
		print(syscall.define "bindings_test@950(fd fd, what flags:open) size")
		print(syscall.describe("bindings_test").args[2].kind, syscall.describe("bindings_test").numbers.arm64)
		for i, v in fields {"a", "b"} do print(i, v) end`)
	for _, want := range []string{
		"openat\t257\t295\t56\tfile desc\tfd\t0\n",
		"1\tdirfd\tdfd,fd\tdirfd\tnumber\tin\tnil\tnil\n",
		"3\tflags\t\tflags:open\tflags\tin\topen\tnil\n",
		"4\tmode\t\tmode\tnumber\tin\tnil\tflags has O_CREAT or O_TMPFILE\n",
		"O_RDONLY\ttrue\n", "flags:fdflags\tFD_CLOEXEC\tnumber\n", "struct\tout\t&int\tinout\n", "list\tpollfds:nfds\n",
		"epoll_event\t12\t2\tevents\t0\t4\tflags\tepoll\n", "new_utsname\t144\ttrue\ndoff\t12\t4\n", "bindings_test\nflags:open\t950\n", "1\ta\n2\tb\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	for code, want := range map[string]string{
		`syscall.describe "opnat"`:             `there is no system call "opnat"; did you mean "openat"?`,
		`syscall.struct "statt"`:               `there is no struct "statt"; did you mean "stat"?`,
		`syscall.define "x"`:                   `-e:1: syscall.define: "x": a signature is NAME(ARGUMENT KIND, ...) RESULT`,
		"\nsyscall.define 'x@951(a fdd)'":      `-e:2: syscall.define: a: unknown kind "fdd"; did you mean "fd"?`,
		`syscall.define "x@951(a flags:opn)"`:  `unknown set "opn"; did you mean "open"?`,
		`syscall.define "x@951(a zzzzzzzzzz)"`: `unknown kind "zzzzzzzzzz"; there are - addr be16 `,
		`syscall.define "opnat(a int)"`:        `there is no system call "opnat"; one that luatrace does not know needs its number: "opnat@480(...)"; did you mean "openat"?`,
		`syscall.defin "x"`:                    `module syscall has no member 'defin'; did you mean 'define'?`,
		`fields(1)`:                            `a struct, ev.args or a list is wanted, not number`,
		`fields(rng(1))`:                       `a struct, ev.args or a list is wanted`,
	} {
		if err := run(r, code); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", code, err, want)
		}
	}
}
