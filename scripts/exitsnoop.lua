meta {
  name = "exitsnoop",
  summary = "processes that end: how old, with which code or signal",
  categories = {"processes"},
  args = {
    failed = {type = "flag", help = "only those that did not exit with 0"},
    threads = {type = "flag", help = "also threads that end before their process"},
    time = {type = "flag", help = "a column with the time of each row; -tt gives it too"},
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

-- For processes that were there before the trace.
on("exit,exit_group:enter", function(ev)
  local data = ev.task.data
  data.comm = data.comm or ev.comm
end)

local row = require "lib.columns"("PID:7 TID:7 COMM:15 >AGE(s):9.3 END", {time = args.time})

on("proc:exit", function(ev)
  if ev.thread and not args.threads then return end
  if args.failed and ev.status == 0 then return end
  local data = ev.task.data
  local age = data.born and ev.time - data.born
  local how = ev.killed or ev.status
  if ev.core then how = how .. " (core dumped)" end
  row(ev.pid, ev.tid, data.comm or "?", age, how)
end)

test("ages and ends", function(t)
  t:event("proc:exec", {pid = 10, comm = "sh"})
  t:event("proc:fork", {pid = 10, comm = "sh", child = 11})
  t:advance "250ms"
  t:event("proc:exit", {pid = 11, status = 3})
  t:event("proc:exit", {pid = 10, killed = "SIGSEGV", core = true})
  t:expect(t.stdout:match "\n(.*)", "11      11      sh                  0.250 3\n10      10      sh                  0.250 SIGSEGV (core dumped)\n")
end)

test("only bad ends", {args = {failed = true}}, function(t)
  t:event("proc:exit", {pid = 10})
  t:event("proc:exit", {pid = 11, status = 1})
  t:expect(t.stdout:match "\n(.*)", "11      11      ?                       - 1\n")
end)
