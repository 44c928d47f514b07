package leak

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
)

// process is a row of the process table.
type process struct {
	pid, ppid int
	comm      string
	state     byte // as in proc_pid_stat(5): R S D Z T t ...
}

// parseStat reads a line of /proc/PID/stat. The name may hold anything, spaces and
// parentheses too; it ends with the last ")".
func parseStat(line string) (process, bool) {
	open, end := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	if open < 1 || end < open {
		return process{}, false
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line[:open]))
	if err != nil {
		return process{}, false
	}
	rest := strings.Fields(line[end+1:])
	if len(rest) < 2 || len(rest[0]) != 1 {
		return process{}, false
	}
	ppid, err := strconv.Atoi(rest[1])
	if err != nil {
		return process{}, false
	}
	return process{pid: pid, ppid: ppid, comm: line[open+1 : end], state: rest[0][0]}, true
}

// processes reads the process table. What ends meanwhile is not in it.
func processes() []process {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	list := make([]process, 0, len(files))
	for _, f := range files {
		line, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		if p, ok := parseStat(string(line)); ok {
			list = append(list, p)
		}
	}
	return list
}

// descendants returns the children of root, their children and so on, sorted by pid.
func descendants(root int, table []process) []process {
	children := make(map[int][]process)
	for _, p := range table {
		children[p.ppid] = append(children[p.ppid], p)
	}
	var list []process
	seen := map[int]bool{root: true}
	for queue := []int{root}; len(queue) > 0; queue = queue[1:] {
		for _, p := range children[queue[0]] {
			if !seen[p.pid] { // a pid used again while the table was read could make a circle
				seen[p.pid] = true
				list = append(list, p)
				queue = append(queue, p.pid)
			}
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].pid < list[j].pid })
	return list
}

// Descendants returns the pids of a process's children, their children and so on, in ascending
// order. Any goroutine may call it.
func Descendants(pid int) []int {
	list := descendants(pid, processes())
	pids := make([]int, len(list))
	for i, p := range list {
		pids[i] = p.pid
	}
	return pids
}

// leftProcesses describes the descendants of root, without the dead ones when onlyLiving.
func leftProcesses(root int, onlyLiving bool) []string {
	var left []string
	for _, p := range descendants(root, processes()) {
		if onlyLiving && (p.state == 'Z' || p.state == 'X') {
			continue
		}
		what := fmt.Sprintf("process %d (%s), state %c", p.pid, p.comm, p.state)
		if p.state == 'Z' {
			what += ", a zombie nobody waited for"
		} else if args, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.pid)); err == nil && len(args) > 0 {
			what += fmt.Sprintf(": %q", strings.Split(strings.TrimSuffix(string(args), "\x00"), "\x00"))
		}
		left = append(left, what)
	}
	return left
}

// openFDs maps every open descriptor of this process to what /proc says it is.
func openFDs() map[int]string {
	dir, err := os.Open("/proc/self/fd")
	if err != nil {
		return nil
	}
	names, _ := dir.Readdirnames(-1)
	own := int(dir.Fd())
	fds := make(map[int]string, len(names))
	for _, name := range names {
		fd, err := strconv.Atoi(name)
		if err != nil || fd == own {
			continue
		}
		// That of /proc itself stays open in whatever process reads it (tracer/procfs).
		if link, err := os.Readlink("/proc/self/fd/" + name); err == nil && link != "/proc" {
			fds[fd] = link
		}
	}
	dir.Close()
	return fds
}

// newFDs describes the descriptors that are open after but were not, or were something else,
// before.
func newFDs(before, after map[int]string) []string {
	var fds []int
	for fd, link := range after {
		if was, ok := before[fd]; !ok || was != link {
			fds = append(fds, fd)
		}
	}
	sort.Ints(fds)
	list := make([]string, len(fds))
	for i, fd := range fds {
		list[i] = fmt.Sprintf("open file descriptor %d: %s", fd, after[fd])
	}
	return list
}
