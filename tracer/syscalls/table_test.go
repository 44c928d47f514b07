package syscalls

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// parseAll parses every row of calls.tab for every ABI that has the call.
func parseAll(t *testing.T, each func(abi ABI, name string, s *Signature)) {
	t.Helper()
	index := callIndex()
	for key := range index.at {
		l, _ := index.line(key)
		name, only, limited := strings.Cut(key, "@")
		found := false
		for _, abi := range []ABI{AMD64, I386, ARM64} {
			if limited && abi.String() != only {
				continue
			}
			if _, ok := Number(abi, name); !ok {
				continue
			}
			found = true
			if _, special := index.at[name+"@"+abi.String()]; special && !limited {
				continue
			}
			s, err := parseCall(abi, l)
			if err != nil {
				t.Errorf("%s: %s on %s: %v", l.where(), name, abi, err)
				continue
			}
			each(abi, name, s)
		}
		if !found && !strings.HasSuffix(l.text, " : sub") {
			t.Errorf("%s: %s is no system call of any ABI", l.where(), key)
		}
	}
}

func eachType(s *Signature, visit func(what string, t *Type)) {
	var walk func(what string, t *Type)
	walk = func(what string, t *Type) {
		visit(what, t)
		if t.Elem != nil {
			walk(what, t.Elem)
		}
	}
	walk("result", s.Ret)
	lists := [][]Param{s.Params}
	for i := range s.Variants {
		walk("result", s.Variants[i].Ret)
		lists = append(lists, s.Variants[i].Params)
	}
	for _, params := range lists {
		for i := range params {
			walk(params[i].Name, params[i].Type)
		}
	}
}

func TestRowsParse(t *testing.T) {
	t.Parallel()
	rows := 0
	parseAll(t, func(abi ABI, name string, s *Signature) {
		rows++
		eachType(s, func(what string, typ *Type) {
			if typ.Kind == KindStruct {
				if _, err := compileStruct(abi, typ.Struct); err != nil {
					t.Errorf("%s on %s: %s: %v", name, abi, what, err)
				}
			}
		})
		seen := map[string]bool{}
		for _, p := range s.Params {
			if !p.Hidden && seen[p.Name] {
				t.Errorf("%s: two arguments %q", name, p.Name)
			}
			seen[p.Name] = true
		}
	})
	if len(callIndex().at) < 300 {
		t.Errorf("only %d rows", len(callIndex().at))
	}
	t.Logf("%d rows, %d with their ABIs", len(callIndex().at), rows)
}

// A name has one line in all the files of a table.
func TestNamesStandOnce(t *testing.T) {
	t.Parallel()
	for what, index := range map[string]*tableIndex{
		"call": callIndex(), "set": sets().index, "struct": structTab().index, "ioctl": ioctlTab().index,
	} {
		for _, name := range index.twice {
			l, _ := index.line(name)
			t.Errorf("%s: %s %s has a line above", l.where(), what, name)
		}
	}
}

func TestTableLines(t *testing.T) {
	t.Parallel()
	f := tableFile{"x.tab", `# a comment
#
a(b c) # why
| d
	# between
| e \
  f
  g(h \
   # an odd place
   i)
j
`}
	var got []tableLine
	for offset := range f.starts() {
		got = append(got, f.line(offset))
	}
	want := []tableLine{
		{"x.tab", 3, "a(b c)", []string{"d", "e f"}},
		{"x.tab", 8, "g(h i)", nil},
		{"x.tab", 11, "j", nil},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestSetsResolve(t *testing.T) {
	t.Parallel()
	for _, name := range SetNames() {
		s, err := sets().set(name)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, abi := range []ABI{AMD64, ARM64, I386} {
			v := s.On(abi)
			if len(v.Members) == 0 && v.Subs == nil {
				t.Errorf("set %s is empty on %s", name, abi)
			}
			for i, sub := range v.Subs {
				if sub.Mask == 0 {
					t.Errorf("set %s: no constant %q on %s", name, s.subs[i].mask, abi)
				}
			}
		}
		for _, token := range s.spec {
			if strings.ContainsAny(token[:1], "@-") || strings.ContainsAny(token, "*?[=") {
				continue
			}
			known := false
			for _, abi := range []ABI{AMD64, ARM64, I386} {
				_, ok := ConstantFor(abi, token)
				known = known || ok
			}
			if !known {
				t.Errorf("set %s: no constant %q", name, token)
			}
		}
	}
}

func TestStructsCompile(t *testing.T) {
	t.Parallel()
	tab := structTab()
	names := map[string]bool{}
	for name := range tab.index.at {
		names[strings.TrimPrefix(name, "layout ")] = true
	}
	for name := range names {
		found := false
		for _, abi := range []ABI{AMD64, ARM64, I386} {
			if _, err := layoutOf(abi, name); err != nil {
				continue
			}
			found = true
			s, err := compileStruct(abi, name)
			if err != nil {
				t.Errorf("%s: %v", abi, err)
				continue
			}
			for _, f := range s.Fields {
				if f.Cond != nil && s.Field(f.Cond.Name) < 0 {
					t.Errorf("struct %s: field %s: no field %q", name, f.Name, f.Cond.Name)
				}
				if l := f.Type.Len; l.Kind == LenName && s.Field(l.Name) < 0 {
					t.Errorf("struct %s: field %s: no field %q", name, f.Name, l.Name)
				}
			}
		}
		if !found {
			t.Errorf("no ABI has struct %s", name)
		}
	}
}

// tracefs holds what a 6.18 kernel says of its calls in
// /sys/kernel/tracing/events/syscalls: names and C types of the arguments.
func tracefs(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("testdata/tracefs-syscalls.txt")
	if err != nil {
		t.Fatal(err)
	}
	renamed := map[string]string{"newstat": "stat", "newfstat": "fstat", "newlstat": "lstat",
		"newuname": "uname", "sendfile64": "sendfile", "umount": "umount2"}
	calls := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		name, args, ok := strings.Cut(strings.TrimSpace(line), "(")
		if !ok {
			t.Fatalf("bad line %q", line)
		}
		if n := renamed[name]; n != "" {
			name = n
		}
		calls[name] = splitTop(strings.TrimSuffix(args, ")"))
	}
	return calls
}

func TestArgumentsAgreeWithKernel(t *testing.T) {
	t.Parallel()
	kernel := tracefs(t)
	checked := 0
	for name, args := range kernel {
		if name == "uprobe" || name == "uretprobe" {
			continue
		}
		nr, ok := Number(AMD64, name)
		if !ok {
			t.Errorf("%s has no number", name)
			continue
		}
		s := Lookup(AMD64, nr)
		if s == nil {
			continue
		}
		checked++
		if len(s.Params) == 1 && s.Params[0].Kind == KindSigframe && len(args) == 0 {
			continue // on the stack
		}
		if len(s.Params) != len(args) {
			t.Errorf("%s: %d arguments, the kernel has %d: %v", name, len(s.Params), len(args), args)
			continue
		}
		for i, arg := range args {
			words := strings.Fields(arg)
			kernelName, ctype := words[len(words)-1], strings.Join(words[:len(words)-1], " ")
			p := &s.Params[i]
			if p.Hidden {
				continue
			}
			if j := s.Param(kernelName); j < 0 && s.Param(strings.TrimLeft(kernelName, "_")) < 0 {
				t.Errorf("%s: the kernel's name %q of argument %d is unknown", name, kernelName, i+1)
			}
			checkType(t, name, p, ctype)
		}
	}
	if checked < 300 {
		t.Errorf("only %d calls are in both tables", checked)
	}
}

// checkType compares a kind with the kernel's C type as far as that says
// something.
func checkType(t *testing.T, name string, p *Param, ctype string) {
	t.Helper()
	pointer := strings.HasSuffix(ctype, "*") || strings.HasSuffix(ctype, "*const")
	switch {
	case pointer && !p.Type.Pointer() && p.Kind != KindAddr && p.Kind != KindHex:
		t.Errorf("%s: %s is a pointer (%s)", name, p.Name, ctype)
	case !pointer && p.Type.Pointer() && !strings.HasSuffix(ctype, "long") && !strings.HasSuffix(ctype, "_t"):
		t.Errorf("%s: %s is no pointer (%s)", name, p.Name, ctype)
	case ctype == "umode_t" && p.Kind != KindMode && p.Kind != KindFmode:
		t.Errorf("%s: %s is a mode", name, p.Name)
	case ctype == "uid_t" && p.Kind != KindUID, ctype == "gid_t" && p.Kind != KindGID:
		t.Errorf("%s: %s is a %s", name, p.Name, ctype)
	case strings.Contains(ctype, "clockid_t") && p.Kind != KindClock:
		t.Errorf("%s: %s is a clock", name, p.Name)
	case strings.HasPrefix(ctype, "const ") && pointer && p.Dir == Out && p.Kind != KindIovec: // readv writes the buffers, not the vector
		t.Errorf("%s: %s is const", name, p.Name)
	}
}

// The set names its members, as a glob that begins with a star would look at
// every constant there is.
func TestFileSystemMagics(t *testing.T) {
	t.Parallel()
	set := SetByName("fsmagic").On(AMD64)
	for _, c := range constantsMatching(AMD64, "*_MAGIC", "linux/magic.h") {
		if _, ok := set.Value(c.Name); !ok {
			t.Errorf("set fsmagic lacks %s", c.Name)
		}
	}
}
