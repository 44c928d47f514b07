package decode

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"luatrace/internal/escape"
	"luatrace/tracer/syscalls"
)

// jsonOf is a call as one object, with everything that is noted.
func jsonOf(j *JSON, c *Call) string {
	j.Reset()
	dst := j.AppendArgs([]byte(`{"args":`), c)
	n := len(dst)
	dst, some := j.AppendBefore(append(dst, `,"before":`...), c)
	if !some {
		dst = dst[:n]
	}
	return string(append(j.AppendNotes(dst), '}'))
}

// checkJSON fails the test unless the call's object is what docs/json.md says
// of any bytes: valid JSON, valid UTF-8, and no byte of a string lost.
func checkJSON(t *testing.T, c *Call) {
	t.Helper()
	js := []byte(jsonOf(&JSON{FDs: true}, c))
	if !utf8.Valid(js) {
		t.Fatalf("invalid UTF-8: %q", js)
	}
	var object struct {
		Args   map[string]any
		Base64 map[string]string
	}
	if err := json.Unmarshal(js, &object); err != nil {
		t.Fatalf("invalid JSON: %v: %s", err, js)
	}
	for i := range c.NumArgs() {
		v := c.Arg(i)
		text, isText := object.Args[c.Param(i).Name].(string)
		if !c.Shown(i) || !isText || v.Kind != KindString && v.Kind != KindBytes || v.IP().IsValid() {
			continue
		}
		if code, ok := object.Base64["args."+c.Param(i).Name]; ok {
			b, err := base64.StdEncoding.DecodeString(code)
			if err != nil {
				t.Fatal(err)
			}
			text = string(b)
		}
		if text != string(v.Str()) {
			t.Fatalf("%s: %q became %q", c.Param(i).Name, v.Str(), text)
		}
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what string
		call *Call
		want string
	}{
		{"numbers, names, flags", newCall(t, syscalls.AMD64, "openat", pages{base: pack("/a\"\n\x00")}, 0xffffff9c, base, 0o101, 0o644),
			`{"args":{"dirfd":-100,"path":"/a\"\n","flags":{"value":65,"names":["O_WRONLY","O_CREAT"]},"mode":420}}`},
		{"an argument the call does not have", newCall(t, syscalls.AMD64, "openat", pages{base: pack("a\x00")}, 3, base, 0, 0o644),
			`{"args":{"dirfd":3,"path":"a","flags":{"value":0,"names":["O_RDONLY"]}}}`},
		{"bytes that are no text", newCall(t, syscalls.AMD64, "chdir", pages{base: pack("a\xff\\xff\x01\x00")}, base),
			`{"args":{"path":"a\\xff\\xff\u0001"},"base64":{"args.path":"Yf9ceGZmAQ=="}}`},
		{"what looks like such a byte and is text", newCall(t, syscalls.AMD64, "chdir", pages{base: pack("a\\xff\x00")}, base),
			`{"args":{"path":"a\\xff"}}`},
		{"beyond 2^53", done(newCall(t, syscalls.AMD64, "epoll_wait", at(base, uint32(1), ^uint64(0)), 3, base, 1, 0), 1),
			`{"args":{"epfd":3,"events":[{"events":{"value":1,"names":["EPOLLIN"]},"data":18446744073709551615}],"maxevents":1,"timeout":0}}`},
		{"cut", newCall(t, syscalls.AMD64, "write", at(base, "hello"), 1, base, 9),
			`{"args":{"fd":1,"buf":"hello","count":9},"truncated":{"args.buf":9}}`},
		{"unreadable", newCall(t, syscalls.AMD64, "open", nil, 5, 0),
			`{"args":{"path":{"address":5,"unreadable":true},"flags":{"value":0,"names":["O_RDONLY"]}}}`},
		{"not filled in yet", newCall(t, syscalls.AMD64, "read", nil, 0, 5, 1), `{"args":{"fd":0,"buf":{"address":5},"count":1}}`},
		{"null pointer and null address", newCall(t, syscalls.AMD64, "sigaltstack", at(base, uint64(0), uint64(2), uint64(0)), base, 0),
			`{"args":{"ss":{"ss_sp":0,"ss_flags":{"value":2,"names":["SS_DISABLE"]},"ss_size":0},"old_ss":null}}`},
		{"unknown constant", newCall(t, syscalls.AMD64, "lseek", nil, 3, 1<<60, 77), `{"args":{"fd":3,"offset":1152921504606846976,"whence":77}}`},
		{"known constant", newCall(t, syscalls.AMD64, "lseek", nil, 3, ^uint64(0), 1), `{"args":{"fd":3,"offset":-1,"whence":"SEEK_CUR"}}`},
		{"handler", newCall(t, syscalls.AMD64, "rt_sigaction", at(base, uint64(1), uint64(0), uint64(0), uint64(1)), 2, base, 0, 8),
			`{"args":{"signum":"SIGINT","act":{"sa_handler":"SIG_IGN","sa_mask":{"value":1,"names":["SIGHUP"]},"sa_flags":{"value":0,"names":[]}},"oldact":null,"sigsetsize":8}}`},
	} {
		if got := jsonOf(new(JSON), c.call); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.what, got, c.want)
		}
		checkJSON(t, c.call)
	}
}

// TestJSONBefore: arguments that go in and come out are there twice.
func TestJSONBefore(t *testing.T) {
	t.Parallel()
	mem := pages{base: pack(uint16(1), "/run/x\x00"), base + 0x1000: pack(uint32(128))}
	c := newCall(t, syscalls.AMD64, "accept", mem, 3, base, base+0x1000)
	c.LatchAll()
	copy(mem[base+0x1000], pack(uint32(9)))
	done(c, 4)
	want := `{"args":{"sockfd":3,"addr":{"sa_family":"AF_UNIX","sun_path":"/run/x"},"addrlen":9},"before":{"addrlen":128}}`
	if got := strings.Replace(jsonOf(new(JSON), c), "sun_family", "sa_family", 1); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestJSONDescriptors: what descriptors stand for is told apart, once each, so
// that the arguments look the same with and without it.
func TestJSONDescriptors(t *testing.T) {
	t.Parallel()
	mem := at(base, uint32(3), uint16(1), uint16(0), uint32(4), uint16(1), uint16(1), uint32(3), uint16(4), uint16(0))
	c := newCall(t, syscalls.AMD64, "poll", mem, base, 3, 0)
	c.FDName = func(fd int) string { return map[int]string{3: "/tmp/a\xff"}[fd] }
	plain := jsonOf(new(JSON), c)
	named := jsonOf(&JSON{FDs: true}, c)
	if want := plain[:len(plain)-1] + `,"fds":{"3":"/tmp/a\\xff"}}`; named != want {
		t.Errorf("got  %s\nwant %s", named, want)
	}
}

func TestJSONString(t *testing.T) {
	t.Parallel()
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	if js := escape.AppendJSON(nil, all); !json.Valid(js) || !utf8.Valid(js) {
		t.Errorf("invalid: %s", js)
	}
	if got := string(escape.AppendJSON(nil, "ü€😀\ufffd\xe2\x82")); got != `"ü€😀`+"\ufffd"+`\\xe2\\x82"` {
		t.Errorf("UTF-8: %s", got)
	}
}

// FuzzJSON holds the view of any call over any memory against its contract.
func FuzzJSON(f *testing.F) {
	f.Add(uint16(257), uint64(0x1000), uint64(0x1000), uint64(0x41), []byte("a\xff\x00"))
	f.Add(uint16(46), uint64(3), uint64(0x1000), uint64(0), pack(uint64(0x1000), uint64(16), uint64(0x1000), uint64(1), uint64(0x1000), uint64(56)))
	f.Add(uint16(44), uint64(3), uint64(0x1000), uint64(32), pack(uint32(32), uint16(18), uint16(1), make([]byte, 24)))
	f.Add(uint16(16), uint64(3), uint64(0x5401), uint64(0x1000), bytes.Repeat([]byte{0x80}, 64))
	f.Add(uint16(321), uint64(5), uint64(0x1000), uint64(72), bytes.Repeat([]byte{0, 0x10}, 64))
	f.Fuzz(func(t *testing.T, nr uint16, a, b, c uint64, mem []byte) {
		call := &Call{ABI: syscalls.AMD64, NR: int(nr % 480), Args: [6]uint64{a, b, c, 0x1000, 0x1000, 0x1000}, Mem: pages{0x1000: mem}}
		call.Sig = syscalls.Lookup(call.ABI, call.NR)
		call.Netlink = func(int) int { return int(b & 31) }
		call.FDName = func(fd int) string { return string(mem[:min(len(mem), fd&7)]) }
		call.LatchAll()
		checkJSON(t, call)
		call.Exited, call.Ret = true, int64(len(mem))
		checkJSON(t, call)
	})
}

// TestJSONMessages: netlink messages are apart, so that a buffer is always a
// string.
func TestJSONMessages(t *testing.T) {
	t.Parallel()
	c := newCall(t, syscalls.AMD64, "sendto", at(base, uint32(32), uint16(18), uint16(5), uint32(7), uint32(0), make([]byte, 16)), 3, base, 32, 0, 0, 0)
	c.Netlink = func(int) int { return 0 }
	got := jsonOf(new(JSON), c)
	for _, want := range []string{`"buf":" \u0000`, `,"messages":{"args.buf":[{"nlmsg_len":32,"nlmsg_type":"RTM_GETLINK","nlmsg_flags":{"value":5,"names":["NLM_F_REQUEST","NLM_F_ACK"]},"nlmsg_seq":7,`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	checkJSON(t, c)
}
