meta {
  name = "slower",
  summary = "calls that take longer than a limit, one line each",
  categories = {"performance"},
  args = {
    min = {type = "duration", default = "10ms", help = "the limit: 500us, 10ms, 1s"},
    calls = {type = "calls", default = "*", help = "which calls, as for -t"},
    time = {type = "flag", help = "a column with the time of each row; -tt gives it too"},
  },
  examples = {
    "luatrace -s slower git status",
    "luatrace -s slower -a min=50us -a calls=%file make",
    "luatrace -s slower -a min=1s -a calls='!futex,/wait/' -p 1234",
  },
  caveats = "Waiting is slow by intent: leave it out with calls. What has not returned is shown at the end. "
    .. "Times hold the tracer's own work, some 10 microseconds a call.",
}

local row = require "lib.columns"(">MS:9.3 TID:7 COMM:15 CALL",
  {time = args.time, none = "no call took that long"})

on(args.calls, function(ev)
  local took = ev.duration
  if took >= args.min then
    row(took * 1e3, ev.tid, ev.comm, tostring(ev))
  end
end)

local pending = require "lib.pending"
on("end", function(ev) -- what has not returned
  for _, p in ipairs(pending(ev.time, args.calls)) do
    if p.seconds >= args.min then
      local since = p.call.attached and " since the attach" or ""
      row(p.seconds * 1e3, p.task.tid, p.task.comm, tostring(p.call) .. " = ? not returned" .. since)
    end
  end
end)

test("a limit", {args = {min = "10ms", calls = "read"}}, function(t)
  t:event("read", {duration = 0.009, buf = "x", count = 9})
  t:event("read", {duration = 0.02, buf = "abc", count = 9})
  t:event("write", {duration = 1, buf = "x"})
  t:expect(t.stdout:match "\n(.*)", '   20.000 1000    test            read(0, "abc", 9)                       = 3\n')
end)

test("calls that hang", function(t)
  t:event("flock", {tid = 7, fd = 3, operation = "LOCK_EX", unfinished = true})
  t:event("pause", {tid = 8, unfinished = "attached"})
  t:advance "2s"
  t:finish()
  t:shows " 2000.000 7       test            flock(3, LOCK_EX) = ? not returned\n"
  t:shows " 2000.000 8       test            pause() = ? not returned since the attach\n"
end)
