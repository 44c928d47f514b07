meta {
  name = "coverage",
  summary = "which calls ended in which ways: what a test has tried",
  categories = {"counts", "errors"},
  args = {
    calls = {type = "calls", default = "*", help = "which calls, as for -t"},
  },
  examples = {
    "luatrace -s coverage ./run-tests",
    "luatrace -j -s coverage -a calls=%file ./run-tests",
  },
  caveats = "A way that is missing here was not tried; one that is there may still not "
    .. "have been checked.",
}

local ways = agg("ways that calls ended", {key = {"call", "result"}})
require "lib.empty"(ways, "no call was made")

on(args.calls, function(ev)
  ways:count(ev.name, ev.err or "ok")
end)

test("two ways", {args = {calls = "%file"}}, function(t)
  t:event("openat", {path = "/f", flags = "O_RDONLY", ret = 3})
  t:event("openat", {path = "/g", flags = "O_RDONLY", err = "ENOENT"})
  t:event("openat", {path = "/h", flags = "O_RDONLY", err = "ENOENT"})
  t:event("getpid")
  t:finish()
  t:expect(t.stdout, "ways that calls ended\ncount  call    result\n    2  openat  ENOENT\n    1  openat  ok\n")
end)
