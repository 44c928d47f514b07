meta {
  name = "topsys",
  summary = "the most frequent calls, each second",
  categories = {"counts", "performance"},
  args = {
    interval = {type = "duration", default = "1s", help = "how often"},
    calls = {type = "calls", default = "*", help = "which calls, as for -t"},
    top = {type = "number", default = 15, help = "how many calls"},
  },
  examples = {
    "luatrace -s topsys find /usr -name x",
    "luatrace -s topsys -a interval=5s -a calls=%file -p 1234",
  },
  caveats = "TIME is the sum over all threads, so it can exceed the interval. It holds the "
    .. "tracer's own work, some 10 microseconds a call.",
}

local human = require "lib.human"
local calls, shown = {}, false

on(args.calls, function(ev)
  local c = calls[ev.name] or {call = ev.name, count = 0, errors = 0, seconds = 0}
  calls[ev.name] = c
  c.count, c.seconds = c.count + 1, c.seconds + ev.duration
  if not ev.ok then c.errors = c.errors + 1 end
end)

local function report()
  shown = true
  local list, total = {}, 0
  for _, c in pairs(calls) do
    list[#list + 1], total = c, total + c.count
  end
  table.sort(list, function(a, b)
    if a.count ~= b.count then return a.count > b.count end
    return a.call < b.call
  end)
  if not output.json then printf("%8s %6s %8s %8s %s\n", "COUNT", "SHARE", "ERRORS", "TIME", "CALL") end
  for i = 1, math.min(#list, args.top) do
    local c = list[i]
    if output.json then
      emit(c)
    else
      printf("%8d %6s %8d %8s %s\n", c.count, human.percent(c.count, total), c.errors, human.time(c.seconds), c.call)
    end
  end
  calls = {}
end

every(args.interval, function() output.frame(report) end)
on("end", function()
  if next(calls) then output.frame(report) end
end)
require "lib.empty"(function() return shown end, "no call was made")

test("one second", function(t)
  for _ = 1, 3 do t:event("read", {duration = 0.001}) end
  t:event("openat", {path = "/x", err = "ENOENT", duration = 0.002})
  t:advance "1s"
  t:expect(t.stdout, "   COUNT  SHARE   ERRORS     TIME CALL\n       3  75.0%        0    3.0ms read\n       1  25.0%        1    2.0ms openat\n")
end)
