meta {
  name = "exitsnoop",
  summary = "processes that end: how old, with which code or signal",
  categories = {"processes"},
  args = {
    failed = {type = "flag", help = "only those that did not exit with 0"},
    threads = {type = "flag", help = "also threads that end before their process"},
  },
  examples = {
    "luatrace -s exitsnoop make",
    "luatrace -s exitsnoop -a failed ./run-tests",
  },
  caveats = "The age counts from fork, \"-\" for what was attached to. The name is that of "
    .. "the last exec.",
}

-- When a task ends its name is gone, so it is kept from fork and exec on.
on("proc:fork", function(ev)
  local data = ev.child.data
  data.born, data.comm = ev.time, ev.comm
end)

on("proc:exec", function(ev)
  local data = ev.task.data
  data.born, data.comm = data.born or ev.time, ev.comm
end)

local row = require "lib.columns" "PID:7 TID:7 COMM:15 >AGE(s):9.3 END"

on("proc:exit", function(ev)
  if ev.thread and not args.threads then return end
  if args.failed and ev.status == 0 then return end
  local data = ev.task.data
  local age = data.born and ev.time - data.born
  local how = ev.killed or ev.status
  if ev.core then how = how .. " (core dumped)" end
  row(ev.pid, ev.tid, data.comm or "?", age, how)
end)
