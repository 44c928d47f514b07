package syscalls

import (
	_ "embed"
	"fmt"
	"sort"
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

type setTable struct {
	sets map[string]*Set
	errs []error // reported by a test; users see the set as missing
}

var sets = sync.OnceValue(func() *setTable {
	return parseSets(tableFile{"sets.tab", setsText}, tableFile{"net_sets.tab", netSetsText},
		tableFile{"dev_sets.tab", devSetsText}, tableFile{"kern_sets.tab", kernSetsText},
		tableFile{"proc_sets.tab", procSetsText})
})

// SetByName returns a set of the table by its name ("open", "msg"), or nil.
func SetByName(name string) *Set { return sets().sets[name] }

// SetNames returns the names of all sets, sorted.
func SetNames() []string {
	names := make([]string, 0, len(sets().sets))
	for name := range sets().sets {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// parseSets reads lines "set NAME TOKEN... [| mask BITS SET] [| huge SHIFT] [| perm] [| bare]".
func parseSets(files ...tableFile) *setTable {
	t := &setTable{sets: map[string]*Set{}}
	fail := func(l tableLine, format string, args ...any) {
		t.errs = append(t.errs, fmt.Errorf("%s: %s", l.where(), fmt.Sprintf(format, args...)))
	}
	for _, l := range tableLines(files...) {
		parts := strings.Split(l.text, "|")
		words := strings.Fields(parts[0])
		if len(words) < 2 || words[0] != "set" {
			fail(l, "want: set NAME TOKEN...")
			continue
		}
		s := &Set{Name: words[1]}
		if t.sets[s.Name] != nil {
			fail(l, "set %s is defined twice", s.Name)
		}
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
			case len(f) == 3 && (f[0] == "mask" || f[0] == "loose"):
				if t.sets[f[2]] == nil {
					fail(l, "set %s: no set %s above it", s.Name, f[2])
					continue
				}
				s.subs = append(s.subs, subSet{f[1], t.sets[f[2]], f[0] == "loose"})
			case len(f) == 2 && f[0] == "huge":
				s.shift = f[1]
			case len(f) == 1 && f[0] == "perm":
				s.perm = true
			case len(f) == 1 && f[0] == "bare":
				s.bare = true
			default:
				fail(l, "set %s: unknown option %q", s.Name, strings.TrimSpace(p))
			}
		}
		t.sets[s.Name] = s
	}
	return t
}
