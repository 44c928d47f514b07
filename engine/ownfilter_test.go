package engine

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/internal/fixture"
	"luatrace/tracer/syscalls"
)

// TestSkipUnderOwnFilter prevents calls of a program whose own filter kills it
// for a number that it does not know, of which a skipped call's is one.
func TestSkipUnderOwnFilter(t *testing.T) {
	for _, row := range rowsOfPlan {
		for _, phase := range []string{"enter", "exit"} {
			t.Run(row.name+" "+phase, func(t *testing.T) {
				t.Parallel()
				exits := 0
				out, res := runCommand(t, row.opts, func(e *Engine) {
					hook(t, e, "getppid:enter", func(ev *Event) error {
						if phase == "exit" {
							ev.OnExit(func(ev *Event) error {
								if exits++; ev.Errno != int(unix.EBADMSG) {
									t.Errorf("errno %d at exit", ev.Errno)
								}
								return nil
							})
						}
						return ev.SetRet(-int64(unix.EBADMSG))
					})
				}, fixture.Build(t, "ownfilter"), "range")
				if out != "getppid EBADMSG\ngetuid own\n" || res.Exit.Signal != 0 {
					t.Errorf("it printed %q and ended with %+v", out, res.Exit)
				}
				if phase == "exit" && exits < 2 {
					t.Errorf("%d exits", exits)
				}
			})
		}
	}
}

// TestSkipInStrictMode prevents a write of a program in strict mode.
func TestSkipInStrictMode(t *testing.T) {
	for _, row := range rowsOfPlan {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			out, res := runCommand(t, row.opts, func(e *Engine) {
				hook(t, e, "write:enter", func(ev *Event) error {
					if n, _ := ev.Int("count"); n == 14 && ev.Call().Args[0] == 1 {
						return ev.SetRet(14)
					}
					return nil
				})
			}, fixture.Build(t, "strict"), "pipe")
			if out != "strict ok\n" || res.Exit.Signal != 0 || res.Exit.Code != 0 {
				t.Errorf("it printed %q and ended with %+v", out, res.Exit)
			}
		})
	}
}

// TestChangedNumberMeetsFilters turns a call into another one at its entry: the
// kernel asks all filters again, and the program's own refuses the new one.
func TestChangedNumberMeetsFilters(t *testing.T) {
	for _, row := range rowsOfPlan {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			getuid, _ := syscalls.Number(syscalls.Native(), "getuid")
			opts := row.opts
			opts.QuietTracees = true
			out, _ := runCommand(t, opts, func(e *Engine) {
				hook(t, e, "getppid:enter", func(ev *Event) error {
					if ev.Comm() != "ownfilter" {
						return nil
					}
					return ev.SetNumber(getuid)
				})
				hook(t, e, "getuid", func(*Event) error { return nil })
			}, fixture.Build(t, "ownfilter"), "uid")
			if out != "getppid EXDEV\ngetuid EXDEV\n" {
				t.Errorf("it printed %q", out)
			}
		})
	}
}

// TestOneEventForEachStop counts the events of calls that stop several times:
// for PTRACE_SYSCALL, for our filter and for the program's own.
func TestOneEventForEachStop(t *testing.T) {
	for _, row := range rowsOfPlan {
		for _, onexit := range []bool{false, true} {
			name := row.name
			if onexit {
				name += " onexit"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				enters, exits, refused := map[string]int{}, map[string]int{}, 0
				out, _ := runCommand(t, row.opts, func(e *Engine) {
					hook(t, e, "getppid,getuid:enter", func(ev *Event) error {
						if ev.Comm() != "ownfilter" {
							return nil
						}
						enters[ev.Name()]++
						if !onexit {
							return nil
						}
						return ev.OnExit(func(ev *Event) error {
							exits[ev.Name()]++
							if ev.Errno == int(unix.ENOSYS) {
								refused++
							}
							return nil
						})
					})
				}, fixture.Build(t, "ownfilter"), "trace")
				if out != "getppid ENOSYS\ngetuid own\n" {
					t.Errorf("it printed %q", out)
				}
				if enters["getppid"] != 2 || enters["getuid"] != 2 {
					t.Errorf("entries %v, want 2 each", enters)
				}
				if onexit && (exits["getppid"] != 2 || exits["getuid"] != 2 || refused != 1) {
					t.Errorf("exits %v, %d refused", exits, refused)
				}
			})
		}
	}
}

// TestEndOfTraceKeepsChildren ends the trace of a program before it makes children
// with CLONE_UNTRACED: those still have luatrace to answer the filter.
func TestEndOfTraceKeepsChildren(t *testing.T) {
	for _, row := range rowsOfPlan {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			out, res := runCommand(t, row.opts, func(e *Engine) {
				hook(t, e, "getsid,execve:enter", func(ev *Event) error {
					if ev.Comm() == "clonekinds" || ev.Name() == "getsid" {
						ev.Engine().Stop()
					}
					return nil
				})
				hook(t, e, "getsid:exit", func(*Event) error { return nil })
			}, fixture.Build(t, "clonekinds"))
			if res.Exit.Code != 0 || strings.Contains(strings.ReplaceAll(out, " ok\n", ""), " ") {
				t.Errorf("it printed %q and ended with %+v", out, res.Exit)
			}
		})
	}
}
