package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// line is one line of a trace, or two of them put together.
type line struct {
	stamp  string // time stamp in front, masked
	text   string // without the thread id and the stamp; masked in the end
	joined bool   // it was interrupted, so that its result stands in another column
}

// task is what a trace says of one thread.
type task struct {
	path  string // its place in the tree of tasks: the third child of the first one is "0.3"
	lines []line
}

var (
	pidColumn = regexp.MustCompile(`^(?:\[pid +(\d+)\] |(\d+) +)`)
	resumed   = regexp.MustCompile(`^(?:\[[0-9a-f]+\] )?<\.\.\. (\S+) resumed>(.*)$`)
	births    = regexp.MustCompile(`^(?:clone|clone3|fork|vfork)\(.*\) += (\d+)(?: <\d+\.\d+>)?$`)
	stamp     = regexp.MustCompile(`^(?:\d\d:\d\d:\d\d(?:\.\d+)? |\d{10,}(?:\.\d+)? |(?:\(\+)? *\d+\.\d{6}\)? )+`)
)

const unfinished = " <unfinished ...>"

// trace is what a tracer wrote of a program. Its lines are masked later, when
// the other trace is known.
type trace struct {
	tasks []task
	mask  *masker
}

// parse takes a trace apart. A line without a thread id belongs to the first task.
func parse(text string) (*trace, error) {
	type state struct {
		id    string
		lines []line
		stub  string // a call's beginning, and the stamp of that
		stamp string
	}
	var order []*state
	byID := map[string]*state{}
	var first string
	for _, l := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if l == "" {
			continue
		}
		id := first
		if m := pidColumn.FindStringSubmatch(l); m != nil {
			id, l = m[1]+m[2], l[len(m[0]):]
			if first == "" {
				first = id
			}
		}
		s := byID[id]
		if s == nil {
			s = &state{id: id}
			byID[id] = s
			order = append(order, s)
		}
		at := stamp.FindString(l)
		l = l[len(at):]
		at = maskStamp(at)
		if m := resumed.FindStringSubmatch(l); m != nil && s.stub != "" {
			s.lines = append(s.lines, line{stamp: s.stamp, text: s.stub + m[2], joined: true})
			s.stub = ""
			continue
		}
		if cut, ok := strings.CutSuffix(l, unfinished); ok {
			if s.stub != "" {
				s.lines = append(s.lines, line{stamp: s.stamp, text: s.stub + unfinished, joined: true})
			}
			s.stub, s.stamp = cut, at
			continue
		}
		s.lines = append(s.lines, line{stamp: at, text: l})
	}
	for _, s := range order {
		if s.stub != "" {
			s.lines = append(s.lines, line{stamp: s.stamp, text: s.stub + unfinished, joined: true})
		}
	}
	// The tree of tasks, by the results of the calls that make them.
	paths := map[string]string{}
	var name func(s *state, path string)
	name = func(s *state, path string) {
		paths[s.id] = path
		n := 0
		for _, l := range s.lines {
			if m := births.FindStringSubmatch(l.text); m != nil {
				n++
				if c := byID[m[1]]; c != nil && paths[c.id] == "" {
					name(c, path+"."+strconv.Itoa(n))
				}
			}
		}
	}
	for i, s := range order {
		if paths[s.id] == "" {
			name(s, strconv.Itoa(i)) // the first, or one whose parent never said so
		}
	}
	t := &trace{mask: newMasker(paths)}
	for _, s := range order {
		for _, l := range s.lines {
			t.mask.learn(l.text)
		}
		t.tasks = append(t.tasks, task{path: paths[s.id], lines: s.lines})
	}
	if len(t.tasks) == 0 {
		return nil, fmt.Errorf("the trace is empty")
	}
	return t, nil
}

// masked returns the tasks of both traces, with everything masked that can't
// be the same.
func masked(left, right *trace) ([]task, []task) {
	left.mask.compareFiles(right.mask)
	for _, t := range []*trace{left, right} {
		for _, k := range t.tasks {
			for i := range k.lines {
				k.lines[i].text = t.mask.mask(k.lines[i].text)
			}
		}
	}
	return left.tasks, right.tasks
}
