meta {
  name = "slower",
  summary = "calls that take longer than a limit, one line each",
  categories = {"performance"},
  args = {
    min = {type = "duration", default = "10ms", help = "the limit: 500us, 10ms, 1s"},
    calls = {type = "calls", default = "*", help = "which calls, as for -t"},
  },
  examples = {
    "luatrace -s slower git status",
    "luatrace -s slower -a min=1ms -a calls=%file make",
    "luatrace -s slower -a min=1s -a calls='!futex,/wait/' -p 1234",
  },
  caveats = "Waiting is slow by intent: leave it out with calls. Times hold the tracer's "
    .. "own work, some 10 microseconds a call.",
}

on("begin", function()
  printf("%9s %-7s %-15s %s\n", "MS", "TID", "COMM", "CALL")
end)

on(args.calls, function(ev)
  local took = ev.duration
  if took >= args.min then
    printf("%9.3f %-7d %-15s %s\n", took * 1e3, ev.tid, ev.comm, tostring(ev))
  end
end)
