package main

import (
	"regexp"
	"strings"
)

// difference is a line that the tracers show differently. One of the two is
// empty when only one tracer has it.
type difference struct {
	program string
	call    string
	left    string // strace's
	right   string // luatrace's
}

// result finds the blanks between a call and its result.
var resultColumn = regexp.MustCompile(`\) += `)

// loose is a line without the column of its result.
func loose(text string) string { return resultColumn.ReplaceAllString(text, ") = ") }

// compare finds the lines that two traces of a program have in common, task by
// task, and pairs the others.
func compare(program string, left, right []task) (counts, []difference) {
	var c counts
	var diffs []difference
	other := map[string]*task{}
	for i := range right {
		other[right[i].path] = &right[i]
	}
	for _, l := range left {
		r := other[l.path]
		if r == nil {
			r = &task{}
		}
		delete(other, l.path)
		same, d := compareTask(l.lines, r.lines)
		c.add(counts{same + len(d), same})
		diffs = append(diffs, d...)
	}
	for i := range right {
		if r := other[right[i].path]; r != nil {
			_, d := compareTask(nil, r.lines)
			c.add(counts{len(d), 0})
			diffs = append(diffs, d...)
		}
	}
	for i := range diffs {
		diffs[i].program = program
	}
	return c, diffs
}

// compareTask pairs the lines of one task: first those that are the same, then,
// in order, those of the same call.
func compareTask(left, right []line) (same int, diffs []difference) {
	left, right, n := cancel(left, right, func(l, r line) bool { return true })
	same += n
	left, right, n = cancel(left, right, func(l, r line) bool { return l.joined || r.joined })
	same += n
	byCall := map[string][]line{}
	for _, r := range right {
		call := callOf(r.text)
		byCall[call] = append(byCall[call], r)
	}
	for _, l := range left {
		call := callOf(l.text)
		d := difference{call: call, left: l.text}
		if list := byCall[call]; len(list) > 0 {
			r := list[0]
			d.right = r.text
			byCall[call] = list[1:]
			if l.joined || r.joined {
				d.left, d.right = loose(d.left), loose(d.right)
			}
			if l.stamp != r.stamp {
				d.left, d.right = l.stamp+d.left, r.stamp+d.right
			}
		}
		diffs = append(diffs, d)
	}
	for _, r := range right { // in their order
		call := callOf(r.text)
		if list := byCall[call]; len(list) > 0 {
			diffs = append(diffs, difference{call: call, right: list[0].text})
			byCall[call] = list[1:]
		}
	}
	return same, diffs
}

// cancel removes the lines that both have and returns how many pairs they are.
// The column of the result counts unless either line was put together, which
// is what the second of its two calls, with fit, lets through.
func cancel(left, right []line, fit func(l, r line) bool) (restL, restR []line, pairs int) {
	strict := fit(line{}, line{})
	key := func(l line) string {
		if strict {
			return l.stamp + l.text
		}
		return l.stamp + loose(l.text)
	}
	have := map[string][]int{}
	for i, r := range right {
		have[key(r)] = append(have[key(r)], i)
	}
	gone := make([]bool, len(right))
next:
	for _, l := range left {
		for j, i := range have[key(l)] {
			if !gone[i] && fit(l, right[i]) {
				gone[i] = true
				if j == 0 {
					have[key(l)] = have[key(l)][1:]
				}
				pairs++
				continue next
			}
		}
		restL = append(restL, l)
	}
	for i, r := range right {
		if !gone[i] {
			restR = append(restR, r)
		}
	}
	return restL, restR, pairs
}

var callName = regexp.MustCompile(`^(?:\[[0-9a-f?xADR]+\] )?([a-z_][a-z0-9_#]*)\(`)

// callOf is the name of a line's call, or the first word of another line: the
// sign of a signal or an end.
func callOf(text string) string {
	if m := callName.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	f := strings.Fields(text)
	if len(f) == 0 {
		return "?"
	}
	if len(f) > 1 && (f[0] == "---" || f[0] == "+++") {
		return f[0] + " " + f[1]
	}
	return f[0]
}
