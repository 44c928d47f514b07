package syscalls

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

//go:embed table/sets.tab
var setsText string

//go:embed table/net_sets.tab
var netSetsText string

//go:embed table/dev_sets.tab
var devSetsText string

//go:embed table/proc_sets.tab
var procSetsText string

//go:embed table/kern_sets.tab
var kernSetsText string

// setTable makes the sets of lines "set NAME TOKEN... [| mask BITS SET]
// [| huge SHIFT] [| perm] [| bare]" when they are first asked for.
type setTable struct {
	index *tableIndex
	made  sync.Map // name: *Set
}

var sets = sync.OnceValue(func() *setTable {
	return newSetTable(tableFile{"sets.tab", setsText}, tableFile{"net_sets.tab", netSetsText},
		tableFile{"dev_sets.tab", devSetsText}, tableFile{"kern_sets.tab", kernSetsText},
		tableFile{"proc_sets.tab", procSetsText})
})

func newSetTable(files ...tableFile) *setTable {
	return &setTable{index: newTableIndex(func(line string, file func(string)) {
		_, name, _ := strings.Cut(line, " ")
		name, _, _ = strings.Cut(strings.TrimSpace(name), " ")
		file(name)
	}, files...)}
}

// SetByName returns a set of the table by its name ("open", "msg"), or nil.
func SetByName(name string) *Set {
	s, _ := sets().set(name)
	return s
}

// SetNames returns the names of all sets, sorted.
func SetNames() []string { return slices.Sorted(maps.Keys(sets().index.at)) }

// set returns a set, or nil with an error when its line is wrong. Users see
// such a set as missing; a test reports the error.
func (t *setTable) set(name string) (*Set, error) {
	if s, ok := t.made.Load(name); ok {
		return s.(*Set), nil
	}
	l, ok := t.index.line(name)
	if !ok {
		return nil, fmt.Errorf("no set %s", name)
	}
	s, err := t.parse(name, l)
	if err != nil {
		return nil, fmt.Errorf("%s: set %s: %w", l.where(), name, err)
	}
	kept, _ := t.made.LoadOrStore(name, s)
	return kept.(*Set), nil
}

func (t *setTable) parse(name string, l tableLine) (*Set, error) {
	parts := strings.Split(l.text, "|")
	words := strings.Fields(parts[0])
	if len(words) < 2 || words[0] != "set" {
		return nil, errors.New("want: set NAME and its constants")
	}
	s := &Set{Name: name}
	for _, w := range words[2:] {
		if w[0] == '?' {
			s.marker = w[1:]
		} else {
			s.spec = append(s.spec, w)
		}
	}
	for _, p := range parts[1:] {
		f := strings.Fields(p)
		switch {
		case len(f) == 3 && (f[0] == "mask" || f[0] == "loose" || f[0] == "last"):
			if _, ok := t.index.at[f[2]]; !ok || !t.index.before(f[2], name) {
				return nil, fmt.Errorf("no set %s above it", f[2])
			}
			sub, err := t.set(f[2])
			if err != nil {
				return nil, err
			}
			s.subs = append(s.subs, subSet{f[1], sub, f[0] == "loose", f[0] == "last"})
		case len(f) == 2 && f[0] == "huge":
			s.shift = f[1]
		case len(f) == 1 && f[0] == "perm":
			s.perm = true
		case len(f) == 1 && f[0] == "comment":
			s.note = 16
		case len(f) == 2 && f[0] == "comment" && f[1] == "10":
			s.note = 10
		case len(f) == 1 && f[0] == "bare":
			s.bare = true
		default:
			return nil, fmt.Errorf("unknown option %q", strings.TrimSpace(p))
		}
	}
	return s, nil
}
