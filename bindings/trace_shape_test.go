package bindings

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"luatrace/tracer/syscalls"
)

// global returns a global that the script has set.
func (s *self) global(name string) lua.LValue { return s.r.Globals().RawGetString(name) }

// TestEveryStruct reads every struct there is, whole, from zeros and from
// garbage: nothing may fail, whatever lies in memory.
func TestEveryStruct(t *testing.T) {
	t.Parallel()
	s := newSelf(t, 1<<20, `
		n, fieldsRead = 0, 0
		on("getpid", function(ev)
			local s, why = ev.mem:struct(name, addr)
			assert(s, why)
			assert(#tostring(s) > 1 and type(s:table()) == "table" and s:address() == addr)
			for field, value in fields(s) do
				assert(type(field) == "string" and value ~= nil)
				if type(value) == "userdata" then tostring(value) end
				fieldsRead = fieldsRead + 1
			end
			for _, f in ipairs(syscall.struct(name).fields) do local v = s[f.name] end
			n = n + 1
		end)`)
	rng := rand.New(rand.NewPCG(1, 2))
	for _, fill := range []func(){func() { clear(s.mem) }, func() {
		for i := range s.mem {
			s.mem[i] = byte(rng.Uint32() >> 9)
		}
	}, func() {
		for i := range s.mem {
			s.mem[i] = 0xff
		}
	}} {
		fill()
		s.r.Globals().RawSetString("addr", lua.LNumber(s.addr(0)))
		names := syscalls.StructNames(syscalls.Native())
		if len(names) < 1000 {
			t.Fatalf("%d structs", len(names))
		}
		for _, name := range names {
			s.r.Globals().RawSetString("name", lua.LString(name))
			before := s.global("n")
			s.call(syscalls.Native(), "getpid", 1)
			if s.global("n") == before {
				t.Fatalf("struct %s", name)
			}
		}
	}
	if n := s.global("fieldsRead").(lua.LNumber); n < 20000 {
		t.Errorf("%v fields", n)
	}
}

// TestShapes: what the kinds of values are in Lua, from bytes.
func TestShapes(t *testing.T) {
	t.Parallel()
	le := binary.LittleEndian
	for _, c := range []struct {
		name, call string
		fill       func(s *self)
		args       func(s *self) []uint64
		ret        int64
		test       string // true for the event
	}{
		{"flags", "openat", func(s *self) { copy(s.mem, "a\x00") }, func(s *self) []uint64 { return []uint64{0xffffff9c, s.addr(0), 0o2001101, 0} }, 3,
			`ev.flags:has "O_CREAT|O_WRONLY" and ev.flags:any "O_EXCL|O_CREAT" and not ev.flags:any "O_EXCL|O_RDWR" and ev.flags:is "O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC"
			and not ev.flags:is "O_WRONLY|O_CREAT" and ev.flags.rest == 0 and #ev.flags:names() == 4 and ev.flags.O_TRUNC and ev.flags == ev.args.flags
			and tostring(ev.flags) == "O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC"`},
		{"flags without a name", "openat", func(s *self) { copy(s.mem, "a\x00") }, func(s *self) []uint64 { return []uint64{3, s.addr(0), 1 << 29, 0} }, 3,
			`ev.flags.rest == 0x20000000 and not ev.flags:is "O_RDONLY" and ev.flags:has "O_RDONLY" and table.concat(ev.flags:names()) == "O_RDONLY"`},
		{"signal masks", "rt_sigprocmask", func(s *self) { le.PutUint64(s.mem, 1<<1|1<<14) }, func(s *self) []uint64 { return []uint64{0, s.addr(0), 0, 8} }, 0,
			`ev.set:has "SIGINT|SIGTERM" and ev.set.SIGINT and not ev.set:has "SIGHUP" and ev.set:is "SIGINT|SIGTERM" and ev.set:any "SIGHUP|SIGINT"
			and table.concat(ev.set:names(), " ") == "SIGINT SIGTERM" and ev.how == "SIG_BLOCK" and ev.oldset == nil`},
		{"constants", "lseek", nil, func(*self) []uint64 { return []uint64{3, 5, 2} }, 5, `ev.whence == "SEEK_END" and _G[ev.whence] == SEEK_END and ev.offset == 5`},
		{"constants without a name", "lseek", nil, func(*self) []uint64 { return []uint64{3, 5, 99} }, 5, `ev.whence == 99`},
		{"flags with a signal", "clone", nil, func(*self) []uint64 { return []uint64{0x1200011, 0} }, 9,
			`ev.flags:has "CLONE_CHILD_SETTID|SIGCHLD" and not ev.flags:has "SIGTERM" and ev.flags.rest == 0 and ev.flags:is "CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD"`},
		{"structs in lists", "poll", func(s *self) { copy(s.mem, "\x03\x00\x00\x00\x01\x00\x01\x00\x04\x00\x00\x00\x04\x00\x00\x00") },
			func(s *self) []uint64 { return []uint64{s.addr(0), 2, 0} }, 1,
			`#ev.fds == 2 and ev.fds[1].fd == 3 and ev.fds[1].revents:has "POLLIN" and ev.fds[2].events.POLLOUT and ev.fds[3] == nil`},
		{"nested structs", "setitimer", func(s *self) { le.PutUint64(s.mem[16:], 7) }, func(s *self) []uint64 { return []uint64{0, s.addr(0), 0} }, 0,
			`ev.new_value.it_value.tv_sec == 7 and ev.new_value:table().it_value.tv_sec == 7 and ev.old_value == nil`},
		{"iteration", "connect", func(s *self) { copy(s.mem, "\x02\x00\x00\x50\x7f\x00\x00\x01") }, func(s *self) []uint64 { return []uint64{3, s.addr(0), 16} }, 0,
			`(function() local t = {} for k, v in fields(ev.addr) do t[#t + 1] = k .. "=" .. v end return table.concat(t, " ") end)() == "sin_family=AF_INET sin_port=80 sin_addr=127.0.0.1"
			and ev.addr.sa_family == "AF_INET"`},
		{"iteration over arguments", "close", nil, func(*self) []uint64 { return []uint64{3} }, 0,
			`(function() local t = {} for k, v in fields(ev.args) do t[#t + 1] = k .. "=" .. v end return table.concat(t, " ") end)() == "fd=3"`},
		{"iteration over a list", "pipe2", func(s *self) { copy(s.mem, "\x03\x00\x00\x00\x04") }, func(s *self) []uint64 { return []uint64{s.addr(0), 0} }, 0,
			`(function() local t = 0 for i, v in fields(ev.pipefd) do t = t + i * v end return t end)() == 11 and #ev.pipefd == 2`},
		{"arrays from memory", "close", func(s *self) { copy(s.mem, "\x01\x00\x00\x00\xff\xff\xff\xff") }, func(s *self) []uint64 { return []uint64{s.addr(0)} }, 0,
			`(function() local l = ev.mem:array("i32", ev.raw[1], 2) return l[1] == 1 and l[2] == -1 and #l == 2 and #ev.mem:array("struct pollfd", ev.raw[1], 3) == 3
			and select(2, ev.mem:array("iovec", 8, 2)) == "EFAULT" and select(2, ev.mem:array("u64", 8, 1)) == "EFAULT" and #ev.mem:array("u8", 8, 0) == 0 end)()`},
		{"writing a struct in memory", "close", nil, func(s *self) []uint64 { return []uint64{s.addr(0)} }, 0,
			`(function() local e = ev.mem:struct("epoll_event", ev.raw[1]) e.events = "EPOLLIN|EPOLLET" e.data = u64 "0xffffffffffffffff"
			return e.events:has "EPOLLET" and ev.mem:struct("epoll_event", ev.raw[1]).data == u64 "0xffffffffffffffff" end)()`},
		{"writing a bit field", "close", func(s *self) { s.mem[12] = 0xff }, func(s *self) []uint64 { return []uint64{s.addr(0)} }, 0,
			`(function() local h = ev.mem:struct("tcphdr", ev.raw[1]) h.doff = 5
			return h.doff == 5 and ev.mem:struct("tcphdr", ev.raw[1]).doff == 5 and ev.mem:u8(ev.raw[1] + 12) == 0x5f and not pcall(function() h.doff = 16 end) end)()`},
		{"JSON", "newfstatat", func(s *self) { copy(s.mem, "a\x00"); s.mem[64+48] = 5 }, func(s *self) []uint64 { return []uint64{3, s.addr(0), s.addr(64), 0x100} }, 0,
			`json.encode {f = ev.flags} == '{"f":{"value":256,"names":["AT_SYMLINK_NOFOLLOW"]}}' and json.decode(json.encode(ev.statbuf)).st_size == 5`},
		{"control messages", "sendmsg", func(s *self) {
			le.PutUint64(s.mem[32:], s.addr(64))
			le.PutUint64(s.mem[40:], 24)
			copy(s.mem[64:], "\x14\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x05\x00\x00\x00")
		}, func(s *self) []uint64 { return []uint64{3, s.addr(0), 0} }, 0,
			`ev.msg.msg_control[1].cmsg_level == "SOL_SOCKET" and ev.msg.msg_control[1].cmsg_data[1] == 5 and #ev.msg.msg_control == 1
			and ev.msg:table().msg_control[1].cmsg_data[1] == 5`},
		{"netlink messages", "sendto", func(s *self) {
			copy(s.mem, "\x20\x00\x00\x00\x12\x00\x05\x03\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00")
		}, func(s *self) []uint64 { return []uint64{uint64(s.netlink()), s.addr(0), 32, 0, 0, 0} }, 32,
			`#ev.messages == 1 and ev.messages[1].nlmsg_type == "RTM_GETLINK" and ev.messages[1].nlmsg_flags:has "NLM_F_REQUEST|NLM_F_ACK"
			and ev.messages[1].nlmsg_seq == 7 and ev.messages[1].payload.ifi_index == 0 and #ev.buf == 32 and ev.messages[1]:table().nlmsg_type == "RTM_GETLINK"`},
		{"null among pointers", "io_submit", nil, func(s *self) []uint64 { return []uint64{1, 2, s.addr(0)} }, 0, `#ev.iocbpp == 2 and ev.iocbpp[1] == false`},
		{"out arguments of a call that failed", "newfstatat", nil, func(s *self) []uint64 { return []uint64{3, s.addr(0), s.addr(64), 0} }, -2,
			`ev.err == "ENOENT" and ev.statbuf == ev.raw[3]`},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			s := newSelf(t, 4096, `right = false; on("`+c.call+`", function(ev) right = `+c.test+` end)`)
			if c.fill != nil {
				c.fill(s)
			}
			s.call(syscalls.AMD64, c.call, c.ret, c.args(s)...)
			if s.global("right") != lua.LTrue {
				t.Errorf("%s is not true", c.test)
			}
		})
	}
}

// TestKeptValues: what was taken from an event and is used after it is as it
// was, or an error says so; never another event's.
func TestKeptValues(t *testing.T) {
	t.Parallel()
	s := newSelf(t, 4096, `
		kept, wrong = nil, {}
		on("newfstatat", function(ev)
			if kept then
				if tostring(kept.flags) ~= "AT_EMPTY_PATH" or not kept.flags:has "AT_EMPTY_PATH" then wrong[#wrong + 1] = "flags" end
				if kept.path ~= "first" then wrong[#wrong + 1] = "path" end
				if kept.copy.st_size ~= 5 then wrong[#wrong + 1] = "copy" end
				for what, use in pairs {
					field = function() return kept.st.st_size end, text = function() return tostring(kept.st) end, table = function() return kept.st:table() end,
					address = function() return kept.st:address() end, iterate = function() return fields(kept.st) end, time = function() return kept.nested.tv_sec end,
					args = function() return kept.args.path end, write = function() kept.st.st_size = 1 end, mem = function() return kept.mem:u8(1) end,
				} do
					local ok, why = pcall(use)
					if ok or not why:find "this event is over" then wrong[#wrong + 1] = what end
				end
			else
				kept = {st = ev.statbuf, flags = ev.flags, path = ev.path, copy = ev.statbuf:table(), args = ev.args, mem = ev.mem,
					nested = ev.mem:struct("timespec", ev.raw[3])}
			end
		end)
		on("getpid", function() result = table.concat(wrong, " ") .. "." end)`)
	copy(s.mem, "first\x00")
	binary.LittleEndian.PutUint64(s.mem[64+48:], 5)
	s.call(syscalls.AMD64, "newfstatat", 0, 3, s.addr(0), s.addr(64), 0x1000)
	copy(s.mem, "other\x00")
	s.call(syscalls.AMD64, "newfstatat", 0, 3, s.addr(0), s.addr(64), 0)
	s.call(syscalls.AMD64, "getpid", 1)
	if got := s.global("result"); got != lua.LString(".") {
		t.Errorf("wrong: %v", got)
	}
}
