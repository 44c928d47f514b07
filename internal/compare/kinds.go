package main

import (
	"fmt"
	"io"
	"regexp"
	"sort"
	"strings"
)

// kind is a way in which lines differ.
type kind struct {
	call string
	diff string
	why  *explanation // nil if there is none
	list []difference
}

var tokens = regexp.MustCompile(`"(?:[^"\\]|\\.)*"(?:\.\.\.)?|[A-Za-z0-9_]+|\s+|.`)

// middle cuts what two lines have in common off both ends, in whole tokens.
func middle(left, right string) (string, string) {
	l, r := tokens.FindAllString(left, -1), tokens.FindAllString(right, -1)
	for len(l) > 0 && len(r) > 0 && l[0] == r[0] {
		l, r = l[1:], r[1:]
	}
	for len(l) > 0 && len(r) > 0 && l[len(l)-1] == r[len(r)-1] {
		l, r = l[:len(l)-1], r[:len(r)-1]
	}
	return strings.Join(l, ""), strings.Join(r, "")
}

var (
	anyString = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	anyNumber = regexp.MustCompile(`\b\d{2,}\b`)
	anyBlanks = regexp.MustCompile(`  +`)
)

// general turns a piece of a line into what is common to the lines of its kind.
func general(s string) string {
	s = anyString.ReplaceAllString(s, `"…"`)
	s = anyNumber.ReplaceAllString(s, `N`)
	s = anyBlanks.ReplaceAllString(s, `  `)
	if r := []rune(s); len(r) > 70 {
		s = string(r[:70]) + "…"
	}
	return s
}

// describe says how a pair differs.
func (d *difference) describe() string {
	switch {
	case d.left == "":
		return "only luatrace has the line"
	case d.right == "":
		return "only strace has the line"
	}
	l, r := middle(d.left, d.right)
	return fmt.Sprintf("%s | %s", general(l), general(r))
}

// group sorts differences into kinds, the most frequent first, the explained
// ones last.
func group(list []difference) []*kind {
	type key struct {
		call, diff string
		why        *explanation
	}
	byKey := map[key]*kind{}
	var kinds []*kind
	for _, d := range list {
		id := key{d.call, d.describe(), d.explain()}
		what := id.diff
		if id.why != nil {
			id.diff = "" // however it shows
		}
		k := byKey[id]
		if k == nil {
			k = &kind{call: d.call, diff: what, why: id.why}
			byKey[id] = k
			kinds = append(kinds, k)
		}
		k.list = append(k.list, d)
	}
	sort.SliceStable(kinds, func(i, j int) bool {
		a, b := kinds[i], kinds[j]
		if (a.why == nil) != (b.why == nil) {
			return a.why == nil
		}
		return len(a.list) > len(b.list)
	})
	return kinds
}

// programs lists those in which a kind occurs.
func (k *kind) programs() string {
	var names []string
	seen := map[string]bool{}
	for _, d := range k.list {
		if !seen[d.program] {
			seen[d.program] = true
			names = append(names, d.program)
		}
	}
	if len(names) > 5 {
		names = append(names[:4], fmt.Sprintf("%d others", len(names)-4))
	}
	return strings.Join(names, ", ")
}

// print shows a kind with an example, or all of its pairs.
func (k *kind) print(w io.Writer, all bool) {
	if k.why != nil {
		fmt.Fprintf(w, "\n%5d  %s: explained: %s (%s)\n", len(k.list), k.call, k.why.why, k.programs())
	} else {
		fmt.Fprintf(w, "\n%5d  %s: %s (%s)\n", len(k.list), k.call, k.diff, k.programs())
	}
	list := k.list
	if !all {
		list = list[:1]
	}
	for _, d := range list {
		if d.left != "" {
			fmt.Fprintf(w, "         strace    %s\n", d.left)
		}
		if d.right != "" {
			fmt.Fprintf(w, "         luatrace  %s\n", d.right)
		}
	}
}
