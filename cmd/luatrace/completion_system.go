package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"luatrace/bindings/luart"
	"luatrace/engine/accounts"
	"luatrace/tracer/procfs"
)

// processes are the processes that can be attached to: the numbers, each with a tab and
// the name behind it, or the names. Those of other users, unless for root, kernel threads
// and the completion's own are not among them.
func processes(numbers bool) []string {
	fs := procfs.Default()
	pids, err := fs.Processes()
	if err != nil {
		return nil
	}
	own := map[int]bool{os.Getpid(): true, os.Getppid(): true}
	var found []string
	for _, pid := range pids {
		var st unix.Stat_t
		if own[pid] || fs.Stat(pid, "cmdline", &st, 0) != nil || os.Geteuid() != 0 && int(st.Uid) != os.Geteuid() {
			continue
		}
		line, _ := fs.ReadFile(pid, "cmdline") // of a long one the beginning
		if len(line) == 0 {
			continue
		}
		name := fs.Comm(pid)
		if !numbers {
			if plain(name, "") {
				found = append(found, name)
			}
			continue
		}
		program, args, _ := strings.Cut(strings.TrimRight(string(line), "\x00"), "\x00")
		if _, arg, ok := strings.Cut(filepath.Base(program), ": "); ok { // nginx: worker process
			name += ": " + strings.TrimSpace(arg)
		} else if args != "" {
			name += " " + strings.ReplaceAll(args, "\x00", " ")
		}
		if r := []rune(name); len(r) > 60 {
			name = string(r[:57]) + "..."
		}
		found = append(found, fmt.Sprintf("%d\t%s", pid, strings.ReplaceAll(luart.Escape(name), "\t", " ")))
	}
	return found
}

// userNames are the users of /etc/passwd that -u takes by name.
func userNames() []string {
	return slices.DeleteFunc(accounts.Names(), func(name string) bool {
		_, isNumber := accounts.ParseID(name)
		return isNumber
	})
}
