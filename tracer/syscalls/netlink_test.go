package syscalls

import (
	"strings"
	"testing"
)

// TestNetlinkTable finds lines that do not parse, and structs and attribute
// sets that they mention and that do not exist.
func TestNetlinkTable(t *testing.T) {
	t.Parallel()
	tab := netlinkTab()
	var families []*NetlinkFamily
	attrs, cmsgs := map[string]*AttrSet{}, map[string]*AttrSet{}
	for head := range tab.index.at {
		word, name, _ := strings.Cut(head, " ")
		var err error
		switch word {
		case "family":
			var f *NetlinkFamily
			if f, err = tab.family(name); err == nil {
				families = append(families, f)
			}
			if _, ok := SetByName("netlink").Value(name); !ok {
				t.Errorf("%s is no netlink protocol", name)
			}
		case "attrs":
			attrs[name], err = tab.attrSet(head)
		case "cmsg":
			cmsgs[name], err = tab.attrSet(head)
			if _, ok := SetByName("sol").Value(name); !ok {
				t.Errorf("%s is no level", name)
			}
		default:
			t.Errorf("line %q: want family, attrs or cmsg", head)
		}
		if err != nil {
			t.Error(err)
		}
	}
	for _, name := range tab.index.twice {
		t.Errorf("two lines %q", name)
	}
	if len(families) < 5 || len(attrs) < 20 || len(cmsgs) < 5 {
		t.Fatalf("only %d families, %d attribute sets, %d levels", len(families), len(attrs), len(cmsgs))
	}
	layout := func(where string, typ *Type) {
		for typ.Elem != nil {
			typ = typ.Elem
		}
		if typ.Kind == KindStruct && typ.Layout(AMD64) == nil {
			t.Errorf("%s: no struct %q", where, typ.Struct)
		}
	}
	for _, f := range families {
		lists := []*NetlinkMessage{f.general}
		for _, m := range f.messages {
			lists = append(lists, m)
		}
		for _, m := range lists {
			for ; m != nil; m = m.next {
				if m.Attrs != "" && attrs[m.Attrs] == nil {
					t.Errorf("%s: no attributes %q", f.Name, m.Attrs)
				}
				if m.Header == nil {
					continue
				}
				layout(f.Name, m.Header)
				if lay := m.Header.Layout(AMD64); m.By != "" && lay != nil && lay.Field(m.By) < 0 {
					t.Errorf("%s: struct %s has no field %q", f.Name, lay.Name, m.By)
				}
			}
		}
		if f.Flags != "" && f.Flags != "rtm" && SetByName("nlmflags_"+f.Flags) == nil {
			t.Errorf("%s: no set of flags %q", f.Name, f.Flags)
		}
	}
	sets := []*AttrSet{}
	for _, s := range attrs {
		sets = append(sets, s)
	}
	for _, s := range cmsgs {
		sets = append(sets, s)
	}
	for _, s := range sets {
		if s == nil {
			continue
		}
		for _, a := range s.attrs {
			if a.Nest != "" && a.By == "" && attrs[a.Nest] == nil {
				t.Errorf("%s: no attributes %q", s.Name, a.Nest)
			}
			if a.Type != nil {
				layout(s.Name, a.Type)
			}
		}
	}
}
