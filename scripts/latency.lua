meta {
  name = "latency",
  summary = "time spent in calls: a histogram for each call, and percentiles",
  categories = {"performance"},
  args = {
    calls = {type = "calls", default = "*", help = "which calls, as for -t"},
    top = {type = "number", default = 10, help = "how many calls to show, 0 for all"},
  },
  examples = {
    "luatrace -s latency -a calls=read,write cat /etc/passwd",
    "luatrace -s latency -a calls=futex -p 1234",
  },
  caveats = "Times hold the tracer's own work, some 10 microseconds a call: look at "
    .. "what stands out, not at the smallest.",
}

local times = agg("time in calls", {key = {"call"}, unit = "us", top = args.top})
local usual = agg("percentiles", {key = {"call"}, unit = "us", top = args.top})
require "lib.empty"(times, "no call returned")

on(args.calls, function(ev)
  if ev.duration > 0 then -- exit and exit_group take none
    times:hist(ev.duration * 1e6, ev.name)
    usual:quantile(ev.duration * 1e6, ev.name)
  end
end)

test("two calls", {args = {calls = "read,fsync"}}, function(t)
  t:event("read", {duration = 0.0001})
  t:event("read", {duration = 0.0001})
  t:event("fsync", {duration = 0.01})
  t:event("write", {duration = 5})
  t:finish()
  t:shows "call=read\n"
  t:shows "call=fsync\n"
  t:shows "count    p50    p90    p99  p99.9    max  call\n    1   10ms   10ms   10ms   10ms   10ms  fsync\n    2  100us  100us  100us  100us  100us  read\n"
  t:expect(t.stdout:find "write", nil)
end)
