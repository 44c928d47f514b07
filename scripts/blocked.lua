meta {
  name = "blocked",
  summary = "what each thread waits for: time in blocking calls, by what",
  categories = {"threads", "performance"},
  args = {
    min = {type = "duration", default = "1ms", help = "only waits that took longer"},
    top = {type = "number", default = 20, help = "how many rows"},
  },
  examples = {
    "luatrace -s blocked sh -c 'sleep 0.2; ls | sort'",
    "luatrace -s blocked -a min=10ms -p 1234",
  },
  caveats = "Waiting in calls, also those that have not returned at the end: page faults, the queue for a CPU and "
    .. "io_uring are none. "
    .. "SHARE is of the thread's life in the trace. The last line is what the longest thread "
    .. "did not wait: the least the run can take on its own.",
}

local columns, human = require "lib.columns", require "lib.human"
local sets, pending = require "lib.sets", require "lib.pending"
local waits = require "lib.waits"
local thread, add, order = waits.thread, waits.add, waits.order

on("*", function(ev)
  local took = ev.duration
  if took < args.min then return end
  local th = thread(ev.task, ev.comm, ev.time)
  th.comm = ev.comm
  add(th, ev, took)
end)

on("proc:fork", function(ev)
  thread(ev.task, ev.comm, ev.time)
  thread(ev.child, ev.comm, ev.time)
end)
on("proc:exec", function(ev) thread(ev.task, ev.comm, ev.time).comm = ev.comm end)
on("proc:exit", function(ev)
  local th = thread(ev.task, ev.comm, ev.time)
  th.life = ev.time - th.from
  waits.forget(ev.task)
end)

local row, done = columns("TID:7 COMM:15 >TIME:7t >SHARE:6 >COUNT:6 CALL:15 FOR",
  {report = true, none = "no thread waited for as long as " .. human.time(args.min)})

on("end", function(ev)
  for _, p in ipairs(pending(ev.time)) do -- what has not returned
    local th = thread(p.task, p.task.comm, p.call.since)
    if p.seconds >= args.min then add(th, p.call, p.seconds).waiting = p.seconds end
  end
  local list, busiest = {}, nil
  for _, th in ipairs(order) do
    th.life = th.life or ev.time - th.from
    if not busiest or th.life - th.blocked > busiest.life - busiest.blocked then busiest = th end
    for _, w in pairs(th.by) do
      w.share, w.comm = th.life > 0 and math.min(w.seconds / th.life, 1) or 0, th.comm
      list[#list + 1] = w
    end
  end
  local rows = sets.largest(list, "seconds", "tid")
  for i = 1, math.min(#rows, args.top) do
    local w = rows[i]
    local what = w["for"] .. (w.waiting and not output.json and ", not returned" or "")
    row(w.tid, w.comm, w.seconds, output.json and w.share or human.percent(w.share, 1), w.count, w.call, what,
      {waiting = w.waiting})
  end
  done()
  if busiest and not output.json then
    printf("busiest: thread %d (%s), %s of %s not waiting\n", busiest.tid, busiest.comm,
      human.time(busiest.life - busiest.blocked), human.time(busiest.life))
  end
end)

test("a sleep and a read", function(t)
  t:event("proc:exec", {comm = "x"})
  t:event("clock_nanosleep", {duration = 0.5})
  t:event("read", {fdpath = "pipe:[7]", duration = 0.25})
  t:event("read", {fdpath = "pipe:[7]", duration = 0.0001})
  t:advance "250ms"
  t:event("proc:exit")
  t:finish()
  t:shows "1000    x                 500ms  50.0%      1 clock_nanosleep sleep\n"
  t:shows "1000    x                 250ms  25.0%      1 read            pipe:[7]\n"
  t:shows "busiest: thread 1000 (x), 250ms of 1.0s not waiting\n"
end)

test("a deadlock, and a FIFO that nobody writes to", function(t)
  for tid = 1001, 1002 do
    t:event("futex", {pid = 1001, tid = tid, uaddr = 4096, futex_op = "FUTEX_WAIT", val = 2, unfinished = "attached"})
  end
  t:event("openat", {pid = 1001, tid = 1003, path = "/fifo", flags = "O_RDONLY", unfinished = true})
  t:advance "2s"
  t:finish()
  t:shows "1001    test               2.0s 100.0%      1 futex           a lock or another thread, not returned\n"
  t:shows "1002    test               2.0s 100.0%      1 futex           a lock or another thread, not returned\n"
  t:shows "1003    test               2.0s 100.0%      1 openat          /fifo, not returned\n"
end)

test("nothing", function(t)
  t:event("read", {duration = 0.0001})
  t:finish()
  t:shows "no thread waited for as long as 1.0ms\n"
end)
