package main

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
)

// value is one constant of a table.
type value struct {
	name  string
	value uint64
}

// table maps a header to its constants in the order of the header.
type table map[string][]value

// constants collects the values of one architecture's headers.
func constants(results []*result) table {
	t := table{}
	for _, r := range results {
		if skipped[r.header] {
			continue
		}
		t[r.header] = nil
		for _, m := range r.macros {
			if m.known && wanted(m.name) {
				t[r.header] = append(t[r.header], value{m.name, m.value})
			}
		}
	}
	return t
}

// wanted leaves out what is private to the headers: names with a leading
// underscore, but for the few that programs do write.
func wanted(name string) bool {
	return !strings.HasPrefix(name, "_") ||
		strings.HasPrefix(name, "__W") || strings.HasPrefix(name, "_LINUX_CAPABILITY_VERSION_")
}

// names returns the value each name has in the order in which package syscalls
// looks: core headers first, each part sorted.
func (t table) names() map[string]uint64 {
	m := map[string]uint64{}
	for _, first := range []bool{true, false} {
		for _, h := range slices.Sorted(maps.Keys(t)) {
			if core(h) != first {
				continue
			}
			for _, v := range t[h] {
				if _, dup := m[v.name]; !dup {
					m[v.name] = v.value
				}
			}
		}
	}
	return m
}

// conflicts lists the names that several headers define differently.
func (t table) conflicts() []string {
	var list []string
	first := map[string]string{}
	m := t.names()
	for _, h := range slices.Sorted(maps.Keys(t)) {
		for _, v := range t[h] {
			if m[v.name] == v.value {
				first[v.name] = h
			}
		}
	}
	for _, h := range slices.Sorted(maps.Keys(t)) {
		for _, v := range t[h] {
			if m[v.name] != v.value {
				list = append(list, fmt.Sprintf("%s: %s %#x, %s %#x", v.name, first[v.name], m[v.name], h, v.value))
			}
		}
	}
	sort.Strings(list)
	return list
}

// overlay returns what own has differently from common, or in addition.
func overlay(common, own table) table {
	all := common.names()
	d := table{}
	for h, values := range own {
		same := map[string]uint64{}
		for _, v := range common[h] {
			same[v.name] = v.value
		}
		for _, v := range values {
			have, ok := same[v.name]
			if !ok {
				have, ok = all[v.name]
			}
			if !ok || have != v.value {
				d[h] = append(d[h], v)
			}
		}
	}
	return d
}

// fill adds the constants of extra whose names t does not have.
func (t table) fill(extra table) int {
	have := t.names()
	n := 0
	for _, h := range slices.Sorted(maps.Keys(extra)) {
		for _, v := range extra[h] {
			if _, ok := have[v.name]; !ok {
				have[v.name] = v.value
				t[h] = append(t[h], v)
				n++
			}
		}
	}
	return n
}

// records returns the records "NAME VALUE PLACE HEADER" of the headers that
// keep selects, those of one name in the order of their headers.
func (t table) records(keep func(header string) bool) []string {
	var list []string
	for _, h := range slices.Sorted(maps.Keys(t)) {
		if !keep(h) {
			continue
		}
		for i, v := range t[h] {
			list = append(list, fmt.Sprintf("%s %s %d %s\n", v.name, number(v.value), i+1, h))
		}
	}
	return list
}

// number is the shortest readable form: small values and negative ones in
// decimal, the rest in hexadecimal.
func number(v uint64) string {
	if v < 10 || int64(v) < 0 && int64(v) > -65536 {
		return fmt.Sprint(int64(v))
	}
	return fmt.Sprintf("%#x", v)
}

func (t table) count() int {
	n := 0
	for _, v := range t {
		n += len(v)
	}
	return n
}
