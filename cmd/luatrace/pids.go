package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"luatrace/internal/suggest"
	"luatrace/tracer/procfs"
)

// attachTo adds what one -p says: numbers and names, separated by commas or, as
// pgrep(1) and pidof(8) print them, by space. What stands between commas and has
// other words than numbers is one name: there are some with a space in them.
func (o *options) attachTo(list string) error {
	number := func(word string) bool { return strings.Trim(strings.TrimPrefix(word, "-"), "0123456789") == "" }
	for item := range strings.SplitSeq(list, ",") {
		words := strings.Fields(item)
		if slices.ContainsFunc(words, func(w string) bool { return !number(w) }) {
			o.targets = append(o.targets, wanted{name: strings.TrimSpace(item)})
			continue
		}
		for _, word := range words {
			pid, err := strconv.ParseInt(word, 10, 32)
			if err != nil || pid <= 0 {
				return fmt.Errorf("-p %s: a process id or a name is wanted, not %s", quote(list), quote(word))
			}
			o.targets = append(o.targets, wanted{pid: int(pid)})
		}
	}
	return nil
}

// wanted is a process to attach to, by its number or by its name.
type wanted struct {
	pid  int
	name string // if pid is 0
}

// findTargets returns the processes that -p names, each once. With say, it says
// which they are where a name is that of several.
func (o *options) findTargets(say func(string, ...any)) ([]int, error) {
	var pids []int
	var programs []program
	for _, w := range o.targets {
		found := []int{w.pid}
		if w.pid == 0 {
			if programs == nil {
				var err error
				if programs, err = runningPrograms(); err != nil {
					return nil, fmt.Errorf("-p %s: %w", quote(w.name), err)
				}
			}
			if found = processesNamed(programs, w.name); len(found) == 0 {
				return nil, notRunning(w.name, programs)
			}
			if len(found) > 1 {
				say("%s is the name of %d processes: %s", quote(w.name), len(found), strings.Trim(fmt.Sprint(found), "[]"))
			}
		}
		for _, pid := range found {
			if !slices.Contains(pids, pid) {
				pids = append(pids, pid)
			}
		}
	}
	return pids, nil
}

// program is a process that runs, as -p looks for it.
type program struct {
	pid       int
	comm, exe string // exe is "" where it may not be known
}

// runningPrograms are all processes that /proc shows, but this one and those
// that have ended.
func runningPrograms() ([]program, error) {
	fs := procfs.Default()
	pids, err := fs.Processes()
	var none *procfs.Unavailable
	switch {
	case errors.As(err, &none):
		return nil, fmt.Errorf("names of processes are in /proc, which is of no use here: %s (mount -t proc proc /proc)", none.Why)
	case err != nil:
		return nil, err
	}
	list := []program{}
	for _, pid := range pids {
		if pid == os.Getpid() || strings.HasPrefix(fs.Field(pid, "State"), "Z") {
			continue
		}
		exe, _ := fs.Readlink(pid, "exe")
		list = append(list, program{pid, fs.Comm(pid), strings.TrimSuffix(exe, " (deleted)")})
	}
	return list, nil
}

// processesNamed are the processes of a name: that which ps(1) shows, at most 15 bytes of
// it, or that of the program's file. With a slash, it is the file.
func processesNamed(programs []program, name string) []int {
	var pids []int
	file := ""
	if strings.Contains(name, "/") {
		file, _ = filepath.Abs(name)
		if real, err := filepath.EvalSymlinks(file); err == nil {
			file = real
		}
	}
	for _, p := range programs {
		if file != "" && p.exe == file || file == "" && (p.comm == name || p.exe != "" && filepath.Base(p.exe) == name) {
			pids = append(pids, p.pid)
		}
	}
	return pids
}

func notRunning(name string, programs []program) error {
	var names []string
	for _, p := range programs {
		names = append(names, p.comm)
		if p.exe != "" {
			names = append(names, filepath.Base(p.exe))
		}
	}
	msg := fmt.Sprintf("-p %s: no process of that name is running", quote(name))
	if near := suggest.Nearest(name, names); near != "" {
		msg += fmt.Sprintf("; did you mean %s?", quote(near))
	}
	return errors.New(msg)
}
