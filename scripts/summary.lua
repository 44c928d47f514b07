meta {
  name = "summary",
  summary = "calls with their share of time and percentiles: a better -c",
  categories = {"counts", "performance"},
  args = {
    calls = {type = "calls", default = "*", help = "which calls, as for -t"},
    top = {type = "number", default = 20, help = "how many calls"},
    sort = {type = "string", default = "time", help = "time, calls, errors, p99 or max"},
  },
  examples = {
    "luatrace -s summary git status",
    "luatrace -s summary -a sort=p99 -a calls=%file make",
  },
  caveats = "Wall-clock time in the calls, waiting and the tracer's own work (some 10 "
    .. "microseconds a call) included. Percentiles are of the last 4096 calls of a name.",
}

local human = require "lib.human"
local orders = {time = "seconds", calls = "calls", errors = "errors", p99 = "p99", max = "max"}
if not orders[args.sort] then
  error("-a sort=" .. args.sort .. ": time, calls, errors, p99 or max is wanted", 0)
end

local kept = 4096
local stats = {}

on(args.calls, function(ev)
  local s = stats[ev.name]
  if not s then
    s = {call = ev.name, calls = 0, errors = 0, seconds = 0, max = 0, times = {}}
    stats[ev.name] = s
  end
  local took = ev.duration
  s.times[s.calls % kept + 1] = took
  s.calls, s.seconds = s.calls + 1, s.seconds + took
  if took > s.max then s.max = took end
  if not ev.ok then s.errors = s.errors + 1 end
end)

on("end", function()
  local list, total = {}, 0
  for _, s in pairs(stats) do
    table.sort(s.times)
    local function rank(p) return s.times[math.max(1, math.ceil(#s.times * p))] end
    s.p50, s.p90, s.p99 = rank(0.5), rank(0.9), rank(0.99)
    list[#list + 1], total = s, total + s.seconds
  end
  local by = orders[args.sort]
  table.sort(list, function(a, b)
    if a[by] ~= b[by] then return a[by] > b[by] end
    return a.call < b.call
  end)
  if not output.json then
    printf("%6s %7s %7s %6s %6s %6s %6s %6s %s\n",
      "TIME%", "TIME", "CALLS", "ERRORS", "P50", "P90", "P99", "MAX", "CALL")
    if #list == 0 then print "no call was made" end
  end
  for i = 1, math.min(#list, args.top) do
    local s = list[i]
    if output.json then
      s.times = nil
      emit(s)
    else
      printf("%6s %7s %7d %6d %6s %6s %6s %6s %s\n", human.percent(s.seconds, total), human.time(s.seconds), s.calls,
        s.errors, human.time(s.p50), human.time(s.p90), human.time(s.p99), human.time(s.max), s.call)
    end
  end
end)

test("percentiles", function(t)
  for i = 1, 100 do t:event("read", {duration = i / 1000}) end
  t:event("openat", {path = "/x", err = "ENOENT", duration = 0.05})
  t:finish()
  t:expect(t.stdout:match "\n([^\n]*read)\n", " 99.0%    5.1s     100      0   50ms   90ms   99ms  100ms read")
  t:shows "1      1   50ms   50ms   50ms   50ms openat"
end)
