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

on(args.calls, function(ev)
  ways:count(ev.name, ev.err or "ok")
end)
