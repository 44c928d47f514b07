package chaos

import (
	"os"
	"strconv"
	"time"
)

// classes are stress-ng's that are hard for a tracer, with what one bogo operation is worth: the
// size is divided by it. timer and itimer signal at their own pace.
var classes = []struct {
	name string
	cost int
}{
	{"fork", 1}, {"clone", 8}, {"vfork", 1}, {"pthread", 4}, {"sigrt", 1}, {"timer", 1}, {"exec", 8},
	{"zombie", 1}, {"daemon", 8}, {"itimer", 8},
}

var stressing = Experiment{
	Name: "stress-ng",
	Says: "The classes fork, clone, vfork, pthread, sigrt, timer, exec, zombie, daemon and itimer of stress-ng, each with a fixed number of operations, end with status 0 as they do untraced.",
	// stress-ng starts processes as fast as it can, so it is the number that keeps it in bounds
	Small: 16, Large: 2000,
	run: func(l *Lab, n int) {
		os.Chmod(l.scratch, 0o777|os.ModeSticky)
		for _, class := range classes {
			if l.done() {
				return
			}
			argv := []string{"stress-ng", "-q", "--" + class.name, "1", "--" + class.name + "-ops", strconv.Itoa(max(n/class.cost, 1))}
			if class.name == "exec" {
				argv = append(argv, "--exec-max", "4") // 4096 processes at a time otherwise
			}
			if class.name == "exec" && l.User.Name == "root" {
				// which it does not do as root
				argv = append([]string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}, argv...)
			}
			for _, front := range [][]string{nil, l.Row.Front(l.Luatrace)} {
				c := l.command(append(front, argv...)...)
				c.Timeout = 5 * time.Minute
				p := l.start(c)
				if p == nil {
					return
				}
				if o := l.wait(p); o.Ended() != "exit 0" || o.Stdout+o.Stderr != "" || len(o.Left) > 0 {
					l.problem("%q: ended with %s, stdout %s, stderr %s, left %q", c.Argv, o.Ended(), o.Stdout, o.Stderr, o.Left)
				}
			}
			l.count("classes", 1)
		}
	},
}
