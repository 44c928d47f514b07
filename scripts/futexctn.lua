meta {
  name = "futexctn",
  summary = "waiting for locks: how often and how long, by futex",
  categories = {"threads", "performance"},
  args = {
    top = {type = "number", default = 20, help = "how many futexes"},
    min = {type = "duration", default = "0s", help = "only waits that took longer"},
  },
  examples = {
    "luatrace -s futexctn python3 -c 'import threading as t; [t.Thread(target=print).start() for _ in range(9)]'",
    "luatrace -s futexctn -a min=1ms -p 1234",
  },
  caveats = "Only the slow path makes a call: locks taken at once are not seen. Waiting for "
    .. "work (condition variables) looks like waiting for a lock. Tracing changes who gets there first.",
}

local human, sets, pending = require "lib.human", require "lib.sets", require "lib.pending"
local waits = {}

local wait = {FUTEX_WAIT = true, FUTEX_WAIT_BITSET = true, FUTEX_LOCK_PI = true, FUTEX_LOCK_PI2 = true,
  FUTEX_WAIT_REQUEUE_PI = true}

-- FUTEX_WAIT_PRIVATE and FUTEX_WAIT|FUTEX_CLOCK_REALTIME wait as FUTEX_WAIT does.
local function waiting(op)
  for name in tostring(op):gmatch "[%w_]+" do
    if wait[name] or wait[(name:gsub("_PRIVATE$", ""))] then return true end
  end
end

-- Where the lock lies: a mapped file, [heap], or nothing that has a name.
local function place(proc, addr)
  for line in (proc:file "maps" or ""):gmatch "[^\n]+" do
    local from, to, name = line:match "^(%x+)%-(%x+) %S+ %S+ %S+ %S+%s*(.*)$"
    if from and u64(addr) >= u64("0x" .. from) and u64(addr) < u64("0x" .. to) then
      return name ~= "" and name or "anonymous"
    end
  end
end

local function add(proc, comm, uaddr, seconds)
  local key = proc.pid .. "." .. uaddr
  local w = waits[key]
  if not w then
    w = {pid = proc.pid, comm = comm, futex = uaddr, where = place(proc, uaddr),
      waits = 0, seconds = 0, max = 0, timeouts = 0}
    waits[key] = w
  end
  w.waits, w.seconds, w.max = w.waits + 1, w.seconds + seconds, math.max(w.max, seconds)
  return w
end

on("futex", function(ev)
  if not waiting(ev.futex_op) or ev.duration < args.min or ev.err == "EAGAIN" then return end
  local w = add(ev.proc, ev.comm, ev.uaddr, ev.duration)
  if ev.err == "ETIMEDOUT" then w.timeouts = w.timeouts + 1 end
end)

on("end", function(ev)
  for _, p in ipairs(pending(ev.time, "futex")) do -- those that wait still
    if p.seconds >= args.min and waiting(p.call.args.futex_op) then
      local w = add(p.task.proc, p.task.comm, p.call.args.uaddr, p.seconds)
      w.waiting = (w.waiting or 0) + 1
    end
  end
  local list = sets.largest(waits, "seconds", "futex")
  if not output.json then
    printf("%-7s %-15s %6s %7s %7s %7s %-14s %s\n", "PID", "COMM", "WAITS", "TOTAL", "AVG", "MAX", "FUTEX", "WHERE")
    if #list == 0 then print "no thread waited for a futex" end
  end
  for i = 1, math.min(#list, args.top) do
    local w = list[i]
    if output.json then
      emit(w)
    else
      printf("%-7d %-15s %6d %7s %7s %7s %-14x %s\n", w.pid, w.comm, w.waits, human.time(w.seconds),
        human.time(w.seconds / w.waits), human.time(w.max), w.futex,
        (w.where or "?") .. (w.waiting and ", " .. w.waiting .. " waiting still" or ""))
    end
  end
end)

test("two waits for one lock", function(t)
  local maps = {maps = "7f0000000000-7f0000100000 rw-p 00000000 00:00 0 \n"}
  t:event("futex", {uaddr = 0x7f0000000010, futex_op = "FUTEX_WAIT_PRIVATE", val = 2, duration = 0.5, files = maps})
  t:event("futex", {uaddr = 0x7f0000000010, futex_op = "FUTEX_WAIT_PRIVATE", val = 2, duration = 1.5})
  t:event("futex", {uaddr = 0x7f0000000010, futex_op = "FUTEX_WAKE_PRIVATE", val = 1, ret = 1})
  t:finish()
  t:shows "1000    test                 2    2.0s    1.0s    1.5s 7f0000000010   anonymous\n"
end)

test("a lock that is never free", function(t)
  local lock = {uaddr = 0x7f0000000010, futex_op = "FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME", unfinished = true}
  t:event("futex", lock)
  t:advance "3s"
  t:finish()
  t:shows "1000    test                 1    3.0s    3.0s    3.0s 7f0000000010   ?, 1 waiting still\n"
end)
