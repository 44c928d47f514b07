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

local human, sets = require "lib.human", require "lib.sets"
local waits = {}

local wait = {FUTEX_WAIT = true, FUTEX_WAIT_BITSET = true, FUTEX_LOCK_PI = true, FUTEX_LOCK_PI2 = true,
  FUTEX_WAIT_REQUEUE_PI = true}

-- FUTEX_WAIT_PRIVATE and FUTEX_WAIT|FUTEX_CLOCK_REALTIME wait as FUTEX_WAIT does.
local function waiting(op)
  for _, name in ipairs(op:names()) do
    if wait[name] or wait[(name:gsub("_PRIVATE$", ""))] then return true end
  end
end

-- Where the lock lies: a mapped file, [heap], or nothing that has a name.
local function place(ev, addr)
  for line in (ev.proc:file "maps" or ""):gmatch "[^\n]+" do
    local from, to, name = line:match "^(%x+)%-(%x+) %S+ %S+ %S+ %S+%s*(.*)$"
    if from and u64(addr) >= u64("0x" .. from) and u64(addr) < u64("0x" .. to) then
      return name ~= "" and name or "anonymous"
    end
  end
end

on("futex", function(ev)
  if not waiting(ev.futex_op) or ev.duration < args.min or ev.err == "EAGAIN" then return end
  local key = ev.pid .. "." .. ev.uaddr
  local w = waits[key]
  if not w then
    w = {pid = ev.pid, comm = ev.comm, futex = ev.uaddr, where = place(ev, ev.uaddr),
      waits = 0, seconds = 0, max = 0, timeouts = 0}
    waits[key] = w
  end
  w.waits, w.seconds, w.max = w.waits + 1, w.seconds + ev.duration, math.max(w.max, ev.duration)
  if ev.err == "ETIMEDOUT" then w.timeouts = w.timeouts + 1 end
end)

on("end", function()
  local list = sets.largest(waits, "seconds", "futex")
  if not output.json then
    printf("%-7s %-15s %6s %7s %7s %7s %-14s %s\n", "PID", "COMM", "WAITS", "TOTAL", "AVG", "MAX", "FUTEX", "WHERE")
  end
  for i = 1, math.min(#list, args.top) do
    local w = list[i]
    if output.json then
      emit(w)
    else
      printf("%-7d %-15s %6d %7s %7s %7s %-14x %s\n", w.pid, w.comm, w.waits, human.time(w.seconds),
        human.time(w.seconds / w.waits), human.time(w.max), w.futex, w.where or "?")
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
