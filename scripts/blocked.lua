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
  caveats = "Waiting in calls: page faults, the queue for a CPU and io_uring are no calls. "
    .. "SHARE is of the thread's life in the trace. The last line is what the longest thread "
    .. "did not wait: the least the run can take on its own.",
}

local columns, human, sets = require "lib.columns", require "lib.human", require "lib.sets"
local threads, order = {}, {}

local function thread(ev, task)
  task = task or ev.task
  if not threads[task] then
    threads[task] = {tid = task.tid, comm = ev.comm, from = ev.time, blocked = 0, by = {}}
    order[#order + 1] = threads[task]
  end
  return threads[task]
end

-- What was waited for: children, a time, a lock, or a file.
local function reason(ev)
  local name = ev.name
  if name:find "^wait" then return "children" elseif name:find "nanosleep" or name == "pause" then return "sleep" end
  if name:find "^futex" then return "a lock or another thread" end
  if name:find "poll" or name:find "select" then return "events" end
  return ev.fdpath or "-"
end

on("*", function(ev)
  local took = ev.duration
  if took < args.min then return end
  local th = thread(ev)
  th.blocked = th.blocked + took
  th.comm = ev.comm
  local key = ev.name .. "\0" .. reason(ev)
  local w = th.by[key] or {tid = ev.tid, comm = ev.comm, call = ev.name, ["for"] = reason(ev), count = 0, seconds = 0}
  th.by[key] = w
  w.count, w.seconds = w.count + 1, w.seconds + took
end)

on("proc:fork", function(ev)
  thread(ev)
  thread(ev, ev.child)
end)
on("proc:exec", function(ev) thread(ev).comm = ev.comm end)
on("proc:exit", function(ev)
  local th = thread(ev)
  th.life = ev.time - th.from
  threads[ev.task] = nil
end)

on("end", function(ev)
  local waits, busiest = {}, nil
  for _, th in ipairs(order) do
    th.life = th.life or ev.time - th.from
    if not busiest or th.life - th.blocked > busiest.life - busiest.blocked then busiest = th end
    for _, w in pairs(th.by) do
      w.share, w.comm = th.life > 0 and w.seconds / th.life or 0, th.comm
      waits[#waits + 1] = w
    end
  end
  local rows = sets.largest(waits, "seconds", "tid")
  local row = columns "TID:7 COMM:15 >TIME:7t >SHARE:6 >COUNT:6 CALL:15 FOR"
  for i = 1, math.min(#rows, args.top) do
    local w = rows[i]
    row(w.tid, w.comm, w.seconds, output.json and w.share or human.percent(w.share, 1), w.count, w.call, w["for"])
  end
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
