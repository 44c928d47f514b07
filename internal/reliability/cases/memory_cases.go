package cases

import (
	"errors"
	"strings"
)

// memoryCases are about what lies behind the arguments.
var memoryCases = []Case{
	{
		Name: "memory-partly-there",
		Says: "Strings and buffers that run into unmapped or protected pages are shown as far as they go; the call fails or not as untraced.",
		Argv: []string{"FIXTURE/partial"},
	},
	{
		Name: "read-only-memory",
		Says: "Arguments in read-only pages can be read, and are left alone.",
		Argv: []string{"FIXTURE/ro"},
	},
	{
		Name: "read-only-argument-changed",
		Says: "A hook changes an argument that lies in a read-only page: the call uses the new one, and the page is as it was.",
		Argv: []string{"FIXTURE/ro"}, Rows: []Row{Notified, Traced, Unfiltered, Attached},
		Script: `on("openat:enter", function(ev) if ev.path == "/nonexistent/const" then ev.path = "/dev/null" end end)`,
		Differs: func(r *Run) error {
			want := r.Untraced
			want.Stdout = strings.Replace(want.Stdout, "openat ENOENT", "openat ok", 1)
			return r.Traced.Differs(want)
		},
	},
	{
		Name: "arguments-changed-in-threads",
		Says: "Eight threads open files at once on busy CPUs, and a hook gives each call a path so long that it must lie below the thread's stack: every call uses it, and no stack is harmed.",
		Argv: sh(`for i in 1 2 3; do while :; do :; done & busy="$busy $!"; done; FIXTURE/counts; status=$?; kill $busy; exit $status`),
		Rows: []Row{Notified, Traced, Unfiltered, Attached},
		Look: `local quick = ev.name`,
		Script: `on("openat:enter", function(ev)
			if ev.path == "/dev/null" and ev.comm == "counts" then ev.path = "/nonexistent" .. string.rep("/", 2000) .. "x" end
		end)`,
		Differs: func(r *Run) error {
			want := r.Untraced
			want.Code, want.Stdout = 1, strings.Replace(want.Stdout, "wrong 0", "wrong 400", 1)
			return r.Traced.Differs(want)
		},
	},
	{
		Name: "path-changes-behind-hook",
		Says: "Another thread rewrites a path while it is opened: what the hook reads is what the kernel opens.",
		Argv: []string{"FIXTURE/toctou", "500"}, Mask: `A \d+ B \d+`,
		Limits: []Limit{{Heading: "It is not a security boundary", Says: "the kernel may open another path than the hook has read; no call fails", Differs: (*Run).Compare}},
	},
	{
		Name: "undumpable",
		Says: "A process that made itself undumpable runs on, and its paths are still shown.",
		Argv: []string{"FIXTURE/dumpable"},
		Look: `if ev.name == "openat" then print("path", ev.path) end`,
		Check: func(r *Run) error {
			if r.Row != Filtered && (!strings.Contains(r.Trace, "path\t/nonexistent/before\n") || !strings.Contains(r.Trace, "path\t/nonexistent/after\n")) {
				return errors.New("the paths of the two calls are not in the trace")
			}
			return nil
		},
	},
}
