package syscalls

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
)

//go:embed table/netlink.tab
var netlinkText string

// NetlinkFamily is a netlink protocol: the types its messages have.
type NetlinkFamily struct {
	Number uint64
	Name   string // NETLINK_ROUTE
	Types  *Set   // of nlmsg_type; nil: generic netlink, whose numbers are dynamic
	Flags  string // which names the flags above 0xff have: "rtm", "get", "new", ""

	messages map[uint64]*NetlinkMessage
	general  *NetlinkMessage
}

// NetlinkMessage is what follows the header of a message of some types.
type NetlinkMessage struct {
	Header *Type // a struct, or nil
	Attrs  string
	By     string   // field of the header that chooses among ...
	Values []uint64 // ... messages of the same type, or nil
	next   *NetlinkMessage
}

// netlinkReply marks types of messages whose replies have the type of the
// request.
const netlinkReply = 1 << 16

// Message returns what messages of a type consist of. Where that depends on a
// field of the header, field gives its value: it gets the layout that has the
// field. A reply is a message without NLM_F_REQUEST. Message returns nil
// when the table does not have the type.
func (f *NetlinkFamily) Message(typ uint64, reply bool, field func(m *NetlinkMessage) uint64) *NetlinkMessage {
	m := f.messages[typ]
	if reply && f.messages[typ|netlinkReply] != nil {
		m = f.messages[typ|netlinkReply]
	}
	if m == nil {
		m = f.general
	}
	for ; m != nil; m = m.next {
		if m.By == "" {
			return m
		}
		got := field(m)
		for _, v := range m.Values {
			if v == got {
				return m
			}
		}
	}
	return nil
}

// Attr is one attribute of an AttrSet, or one type of control message.
type Attr struct {
	Type   *Type  // what the data is; nil for nested attributes
	Nest   string // name of the set of nested attributes
	List   bool   // nested attributes each hold a list of Nest, their types are indices
	By     string // attribute beside this one whose text completes Nest
	Index  *Set   // the data is an array of Type, and these are the names of its places
	Origin int    // number of the first place
}

// AttrSet is a name space of netlink attributes, or the control messages of a
// level.
type AttrSet struct {
	Name  string
	Set   *Set // names of the attribute types; nil for indices
	attrs map[uint64]*Attr
}

// Attr returns the attribute of a type, or nil when the table says nothing
// about it.
func (s *AttrSet) Attr(typ uint64) *Attr {
	if s == nil {
		return nil
	}
	return s.attrs[typ]
}

// netlinkTable makes families, attribute sets and control messages when they
// are first asked for.
type netlinkTable struct {
	index *tableIndex
	made  sync.Map // head of the line: *NetlinkFamily or *AttrSet
}

var netlinkTab = sync.OnceValue(func() *netlinkTable { return newNetlinkTable(tableFile{"netlink.tab", netlinkText}) })

func newNetlinkTable(files ...tableFile) *netlinkTable {
	return &netlinkTable{index: newTableIndex(func(line string, file func(string)) {
		head, _, _ := strings.Cut(line, ":")
		if f := strings.Fields(head); len(f) > 1 {
			file(f[0] + " " + f[1])
		}
	}, files...)}
}

// Netlink returns a netlink protocol by its number, or nil.
func Netlink(protocol int) *NetlinkFamily {
	set := SetByName("netlink")
	if set == nil || protocol < 0 {
		return nil
	}
	f, _ := netlinkTab().family(set.On(Native()).Enum(uint64(protocol)))
	return f
}

// Attrs returns a set of netlink attributes by its name, or nil.
func Attrs(name string) *AttrSet {
	s, _ := netlinkTab().attrSet("attrs " + name)
	return s
}

// ControlMessages returns the control messages of a level, or nil.
func ControlMessages(level uint64) *AttrSet {
	set := SetByName("sol")
	if set == nil {
		return nil
	}
	s, _ := netlinkTab().attrSet("cmsg " + set.On(Native()).Enum(level))
	return s
}

// family parses "family NAME TYPESET [FLAGS]" and the lines of its messages.
// A family whose line is wrong counts as missing; a test reports the error.
func (t *netlinkTable) family(name string) (*NetlinkFamily, error) {
	if f, ok := t.made.Load(name); ok {
		return f.(*NetlinkFamily), nil
	}
	l, ok := t.index.line("family " + name)
	if !ok {
		return nil, fmt.Errorf("no family %s", name)
	}
	words := strings.Fields(l.text)
	n, ok := Constant(name)
	if !ok || len(words) < 3 {
		return nil, fmt.Errorf("%s: want family NETLINK_NAME TYPES", l.where())
	}
	f := &NetlinkFamily{Number: n, Name: name, messages: map[uint64]*NetlinkMessage{}}
	if f.Types = SetByName(words[2]); f.Types == nil {
		return nil, fmt.Errorf("%s: no set %q", l.where(), words[2])
	}
	if len(words) > 3 {
		f.Flags = words[3]
	}
	for _, m := range l.more {
		if err := f.message(m); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", l.where(), m, err)
		}
	}
	made, _ := t.made.LoadOrStore(name, f)
	return made.(*NetlinkFamily), nil
}

// message parses "TYPE,... [FIELD=VALUE,...]: HEADER [ATTRS]".
func (f *NetlinkFamily) message(line string) error {
	head, body, ok := strings.Cut(line, ": ")
	words := strings.Fields(head)
	if !ok || len(words) == 0 {
		return fmt.Errorf("want TYPE: HEADER")
	}
	m := NetlinkMessage{}
	if len(words) > 1 {
		by, values, _ := strings.Cut(words[1], "=")
		m.By = by
		for _, v := range strings.Split(values, ",") {
			n, ok := constOrNumber(Native(), v)
			if !ok {
				return fmt.Errorf("no constant %s", v)
			}
			m.Values = append(m.Values, n)
		}
	}
	what := strings.Fields(body)
	if len(what) == 0 {
		return fmt.Errorf("want a header")
	}
	if what[0] != "-" {
		typ, err := parseType(what[0])
		if err != nil {
			return err
		}
		m.Header = typ
	}
	if len(what) > 1 {
		m.Attrs = what[1]
	}
	add := func(to *NetlinkMessage) *NetlinkMessage {
		one := m
		if to == nil {
			return &one
		}
		last := to
		for last.next != nil {
			last = last.next
		}
		last.next = &one
		return to
	}
	if words[0] == "*" {
		f.general = add(f.general)
		return nil
	}
	for _, name := range strings.Split(words[0], ",") {
		name, reply := strings.CutPrefix(name, "reply:")
		typ, ok := constOrNumber(Native(), name)
		if !ok {
			return fmt.Errorf("no constant %s", name)
		}
		if reply {
			typ |= netlinkReply
		}
		f.messages[typ] = add(f.messages[typ])
	}
	return nil
}

// attrSet parses "attrs NAME SET: ATTR KIND, ..." and "cmsg LEVEL SET: ...".
func (t *netlinkTable) attrSet(head string) (*AttrSet, error) {
	if s, ok := t.made.Load(head); ok {
		return s.(*AttrSet), nil
	}
	l, ok := t.index.line(head)
	if !ok {
		return nil, fmt.Errorf("no %s", head)
	}
	s, err := parseAttrSet(l.text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.where(), err)
	}
	made, _ := t.made.LoadOrStore(head, s)
	return made.(*AttrSet), nil
}

func parseAttrSet(line string) (*AttrSet, error) {
	head, body, _ := strings.Cut(line, ":")
	words := strings.Fields(head)
	if len(words) != 3 {
		return nil, fmt.Errorf("want: attrs NAME TYPES: ATTR and KIND")
	}
	s := &AttrSet{Name: words[1], attrs: map[uint64]*Attr{}}
	if s.Set = SetByName(words[2]); s.Set == nil && words[2] != "-" {
		return nil, fmt.Errorf("no set %q", words[2])
	}
	for _, decl := range splitTop(body) {
		f := strings.Fields(decl)
		if len(f) < 2 {
			return nil, fmt.Errorf("attribute %q: want names and a kind", decl)
		}
		a, err := parseAttr(f[len(f)-1])
		if err != nil {
			return nil, err
		}
		for _, name := range f[:len(f)-1] {
			n, ok := constOrNumber(Native(), name)
			if !ok && s.Set != nil {
				n, ok = s.Set.Value(name)
			}
			if !ok {
				return nil, fmt.Errorf("no constant %s", name)
			}
			s.attrs[n] = a
		}
	}
	return s, nil
}

// parseAttr parses "nest:SET", "list:SET", "by:ATTR:PREFIX", "index:SET[-N]"
// (an array of ints) and the kinds of fields.
func parseAttr(kind string) (*Attr, error) {
	word, arg, _ := strings.Cut(kind, ":")
	switch word {
	case "nest", "list":
		return &Attr{Nest: arg, List: word == "list"}, nil
	case "by":
		by, prefix, _ := strings.Cut(arg, ":")
		return &Attr{By: by, Nest: prefix}, nil
	case "index":
		name, origin, _ := strings.Cut(arg, "+")
		a := &Attr{Type: &Type{Kind: KindInt}, Index: SetByName(name)}
		if strings.HasSuffix(origin, "u64") {
			a.Type, origin = &Type{Kind: KindU64}, strings.TrimSuffix(origin, "u64")
		}
		if origin == "1" {
			a.Origin = 1
		}
		if a.Index == nil {
			return nil, fmt.Errorf("no set %q", name)
		}
		return a, nil
	}
	t, err := parseType(kind)
	if err != nil {
		return nil, err
	}
	return &Attr{Type: t}, nil
}
