package bindings

import (
	"fmt"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// faultScript fails opens of /dev/null of the fixture detachme's parent, ten of
// them, and prints which: "x" failed, "." not.
func faultScript(options string) string {
	return `fault("openat", ` + options + `)
		local seen = ""
		on("openat", {when = {path = "/dev/null", comm = "child1"}}, function(ev)
			seen = seen .. (ev.ok and "." or ev.err == "EIO" and "x" or "?")
		end)
		on("end", function() print(seen) end)`
}

func TestFault(t *testing.T) {
	const when = `when = {path = "/dev/null", comm = "child1"}`
	path := fixture.Build(t, "detachme")
	run := func(t *testing.T, options string) string {
		t.Helper()
		r := traceScript(t, faultScript(options), path, "10")
		failed := strings.Count(r.Out, "x")
		if !strings.Contains(r.Stdout, fmt.Sprintf("child1 calls 20 failed %d\n", failed)) || !strings.Contains(r.Stdout, "child2 calls 20 failed 0\n") {
			t.Errorf("%s: %d failed in the script's view, the program says %q", options, failed, r.Stdout)
		}
		return strings.TrimSpace(r.Out)
	}
	for _, c := range []struct{ options, want string }{
		{`{errno = "EIO", ` + when + `}`, "xxxxxxxxxx"},
		{`{errno = EIO, nth = 3, ` + when + `}`, "..x......."},
		{`{errno = "EIO", first = 8, ` + when + `}`, ".......xxx"},
		{`{errno = "EIO", last = 2, ` + when + `}`, "xx........"},
		{`{errno = "EIO", step = 3, ` + when + `}`, "x..x..x..x"},
		{`{errno = "EIO", first = 2, last = 9, step = 4, ` + when + `}`, ".x...x...."},
		{`{ret = -5, nth = 1, ` + when + `}`, "x........."},
		{`{errno = "EIO", probability = 0, ` + when + `}`, ".........."},
		{`{errno = "EIO", probability = 1, ` + when + `}`, "xxxxxxxxxx"},
	} {
		t.Run(c.options, func(t *testing.T) {
			t.Parallel()
			if got := run(t, c.options); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
	t.Run("probability", func(t *testing.T) {
		t.Parallel()
		results := map[string]bool{}
		for seed := range 4 {
			options := fmt.Sprintf(`{errno = "EIO", probability = 0.5, seed = %d, %s}`, seed, when)
			first := run(t, options)
			if second := run(t, options); first != second {
				t.Errorf("seed %d: %s and %s", seed, first, second)
			}
			results[first] = true
		}
		if len(results) < 2 {
			t.Errorf("four seeds gave the same: %v", results)
		}
	})
	t.Run("plain", func(t *testing.T) {
		t.Parallel()
		r := traceScript(t, `fault("uname", "ENOMEM")`, fixture.Build(t, "uname"))
		r.wantErr(t, "", 1, "", "uname: Cannot allocate memory\nluatrace: fault(\"uname\") at ./test.lua:1: 1 of 1 call failed\n")
		r = traceScript(t, `fault("uname", {ret = 0})`, fixture.Build(t, "uname"))
		if r.Code != 0 || !strings.HasPrefix(r.Stdout, "sysname ") || strings.Contains(r.Stdout, "Linux") {
			t.Errorf("a uname that does nothing: exit %d, %q", r.Code, r.Stdout)
		}
	})
}

func TestFaultErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ code, want string }{
		{`fault("openat", {when = {path = "x"}})`, "errno or ret must be given"},
		{`fault("openat", "EI0")`, `unknown errno "EI0"; did you mean "EIO"?`},
		{`fault("openat", {errno = "EIO", nth = 0})`, "nth counts calls from 1"},
		{`fault("openat", {errno = "EIO", step = -1})`, "step counts calls from 1"},
		{`fault("openat", {errno = "EIO", first = 3, last = 2})`, "first must not be greater than last"},
		{`fault("openat", {errno = "EIO", probability = 2})`, "probability must be from 0 to 1"},
		{`fault("openat", {errno = "EIO", often = 2})`, "unknown option 'often'"},
		{`fault("openat:exit", "EIO")`, "a fault happens before the call"},
		{`fault("signal", "EIO")`, "only system calls can be made to fail"},
		{`fault("opennat", "EIO")`, "openat"},
		{`fault("openat", {errno = "EIO", when = {pathh = "x"}})`, `did you mean "path"?`},
	} {
		r := traceScript(t, c.code, "true")
		if r.Code != 2 || !strings.Contains(r.Stderr, "test.lua:1:") || !strings.Contains(r.Stderr, c.want) || strings.Count(r.Stderr, "\n") != 1 {
			t.Errorf("%s: exit %d, %q; want exit 2 and %q", c.code, r.Code, r.Stderr, c.want)
		}
	}
}
