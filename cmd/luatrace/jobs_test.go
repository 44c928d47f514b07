package main

import (
	"regexp"
	"strings"
	"testing"
)

const (
	ctrlC         = "\x03"
	ctrlD         = "\x04"
	ctrlZ         = "\x1a"
	ctrlBackslash = "\x1c"
)

// jobs are what one does to a job in a shell with job control. The argument is
// the command line to start it with, "" or luatrace's.
var jobs = map[string]func(term *terminal, prefix string){
	"Ctrl-C kills": func(term *terminal, prefix string) {
		term.send(prefix + "sh -c 'echo ready; exec sleep 60'\n")
		term.expect(`\nready\n`)
		term.send(ctrlC)
		term.expect(`prompt> $`)
		term.wantStatus("130")
	},
	"Ctrl-C is handled": func(term *terminal, prefix string) {
		term.send(prefix + `sh -c 'trap "echo caught; exit 5" INT; cat; echo no'` + "\n")
		term.send("one\n") // the answer shows that cat runs
		term.expect(`one\none\n`)
		term.send(ctrlC)
		term.expect(`caught\n`)
		term.expect(`prompt> $`)
		term.wantStatus("5")
	},
	"Ctrl-C is ignored": func(term *terminal, prefix string) {
		term.send(prefix + `sh -c 'trap "" INT; echo ready; read line; echo "<$line>"'` + "\n")
		term.expect(`\nready\n`)
		term.send(ctrlC + "go on\n")
		term.expect(`<go on>\n`)
		term.expect(`prompt> $`)
		term.wantStatus("0")
	},
	"Ctrl-backslash kills": func(term *terminal, prefix string) {
		term.send("ulimit -c 0\n")
		term.expect(`prompt> $`)
		term.send(prefix + "sh -c 'echo ready; exec sleep 60'\n")
		term.expect(`\nready\n`)
		term.send(ctrlBackslash)
		term.expect(`prompt> $`)
		term.wantStatus("131")
	},
	"Ctrl-Z and fg": func(term *terminal, prefix string) {
		term.send(prefix + "cat\n")
		term.send("one\n")
		term.expect(`one\none\n`)
		term.send(ctrlZ)
		term.expect(`Stopped.*\n`)
		term.expect(`prompt> $`)
		term.send("fg\n")
		term.expect(`fg\n.*cat\n`)
		term.send("two\n")
		term.expect(`two\ntwo\n`)
		term.send(ctrlZ)
		term.expect(`Stopped.*\n`)
		term.expect(`prompt> $`)
		term.send("fg\n")
		term.send(ctrlD)
		term.expect(`prompt> $`)
		term.wantStatus("0")
	},
	"stops itself and bg": func(term *terminal, prefix string) {
		term.send(prefix + "sh -c 'read a; echo got $a; kill -STOP $$; echo on; exit 8'\n")
		term.send("one\n")
		term.expect(`got one\n`)
		term.expect(`Stopped.*\n`)
		term.expect(`prompt> $`)
		term.send("bg; wait %1; echo status=$?\n")
		term.expect(`on\n(?s:.*)status=8\n`)
		term.expect(`prompt> $`)
	},
	"Ctrl-Z is handled": func(term *terminal, prefix string) {
		term.send(prefix + `sh -c 'trap "echo saving; kill -STOP \$\$; echo restored; kill -KILL \$!; exit 6" TSTP; sleep 60 & echo ready; wait'` + "\n")
		term.expect(`\nready\n`)
		term.send(ctrlZ)
		term.expect(`saving\n`)
		term.expect(`Stopped.*\n`)
		term.expect(`prompt> $`)
		term.send("fg\n")
		term.expect(`restored\n`)
		term.expect(`prompt> $`)
		term.wantStatus("6")
	},
	"Ctrl-Z is ignored": func(term *terminal, prefix string) {
		term.send(prefix + `sh -c 'trap "" TSTP; echo ready; read line; echo "<$line>"'` + "\n")
		term.expect(`\nready\n`)
		term.send(ctrlZ + "go on\n")
		term.expect(`<go on>\n`)
		term.expect(`prompt> $`)
		term.wantStatus("0")
	},
	"reading in the background": func(term *terminal, prefix string) {
		term.send(prefix + "cat &\n")
		term.expect(`prompt> $`)
		for stopped := false; !stopped; {
			term.send("jobs\n")
			stopped = strings.Contains(term.expect(`(?s)jobs\n(.*)prompt> $`)[1], "Stopped")
		}
		term.send("fg\n")
		term.expect(`fg\n.*cat\n`)
		term.send("one\n")
		term.expect(`one\none\n`)
		term.send(ctrlD)
		term.expect(`prompt> $`)
		term.wantStatus("0")
	},
	"stops itself and is continued by its child": func(term *terminal, prefix string) {
		term.send(prefix + `sh -c '(until kill -CONT $$ && test -e on; do sleep 0.05; done) & kill -STOP $$; echo on >on; echo back; wait; echo end'` + "\n")
		term.expect(`(?s)back\n.*end\n`)
		term.send("wait\n")
		term.expect(`prompt> $`)
	},
}

func (term *terminal) wantStatus(want string) {
	term.t.Helper()
	if got := term.status(); got != want {
		term.t.Errorf("exit status %s, want %s", got, want)
	}
}

// TestJobs does the same to an untraced job and to traced ones.
func TestJobs(t *testing.T) {
	t.Parallel()
	all := append([]mode{{name: "untraced"}}, modes(t)...)
	for name, do := range jobs {
		for _, m := range all {
			t.Run(name+"/"+m.name, func(t *testing.T) {
				t.Parallel()
				prefix := ""
				if m.args != nil {
					// A trace of its own for each job.
					m.args = append([]string{"-o", "trace"}, m.args[2:]...)
					prefix = strings.Join(m.traced(t), " ") + " "
				}
				do(shell(t, t.TempDir()), prefix)
			})
		}
	}
}

// Ctrl-C prints what was counted so far.
func TestInterruptPrintsAggregations(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ options, pattern string }{
		"aggregation": {`-e 'on("write", function(ev) agg.n:count(ev.name) end)'`, `\n +1 +write\n`},
		"table":       {`-c -t write`, `(?m:^100\.00.* total\n)`},
		"end hook":    {`-e 'on("end", function() print("the end") end)'`, `the end\n`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			term := shell(t, t.TempDir())
			tool := mode{}.traced(t)[0]
			term.send(tool + " " + row.options + " sh -c 'echo ready; exec sleep 60'\n")
			term.expect(`\nready\n`)
			term.send(ctrlC)
			term.expect(row.pattern)
			term.expect(`prompt> $`)
			term.wantStatus("130")
		})
	}
}

// A luatrace that is attached to something has no command to stop for it: it
// stops itself at Ctrl-Z, as any program does.
func TestStopWhileAttached(t *testing.T) {
	t.Parallel()
	term := shell(t, t.TempDir())
	term.send("sleep 60 & echo pid=$!\n")
	pid := term.expect(`pid=(\d+)\n`)[1]
	term.expect(`prompt> $`)
	term.send(mode{}.traced(t)[0] + " -e 'on(\"begin\", function() print(\"begun\") end) every(\"20ms\", function() print(\"tick\") end)' -p " + pid + "\n")
	term.expect(`begun\n`)
	term.send(ctrlZ)
	term.expect(`Stopped.*luatrace.*\n`)
	term.expect(`prompt> $`)
	term.send("fg\n")
	term.expect(`(?m)^tick\n`) // it runs again: before, Ctrl-C would be the shell's
	term.send(ctrlC)
	term.expect(`prompt> $`)
	term.wantStatus("130")
	term.send("kill %1; wait %1; echo status=$?\n")
	if m := term.expect(`status=(\d+)\n`); !regexp.MustCompile("143").MatchString(m[1]) {
		t.Errorf("the process attached to ended with %s, want 143", m[1])
	}
}
