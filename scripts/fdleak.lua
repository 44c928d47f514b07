meta {
  name = "fdleak",
  summary = "descriptors that are never closed: who opened them, and when",
  categories = {"files", "errors"},
  args = {
    min = {type = "number", default = 1, help = "only opened so often by the same call and left open"},
    all = {type = "flag", help = "also 0, 1 and 2"},
    time = {type = "flag", help = "a column with the time of each row; -tt gives it too"},
  },
  examples = {
    "luatrace -s fdleak ./server",
    "luatrace -s fdleak -a min=10 -p 1234",
  },
  caveats = "Reported when a process ends, or at the end of the trace (Ctrl-C). Open then is no leak by itself: many "
    .. "of one kind are. Descriptors from before the trace, of a parent, or received from others are not known.",
}

local calls = "open,openat,openat2,creat,dup,dup2,dup3,socket,accept,accept4,epoll_create,epoll_create1,eventfd2,"
  .. "timerfd_create,signalfd4,inotify_init,inotify_init1,memfd_create,pidfd_open,userfaultfd,perf_event_open"

local given = require "lib.given"

local function opened(ev)
  ev.proc.data.fds = ev.proc.data.fds or {}
  return ev.proc.data.fds
end

local function note(ev, fd)
  if fd < 3 and not args.all then return end
  opened(ev)[fd] = {call = ev.name, what = ev.proc:fd(fd) or "?", time = ev.time}
end

on(calls, {when = {ok = true}}, function(ev) note(ev, ev.ret) end)
on("pipe,pipe2", {when = {ok = true}}, function(ev)
  for _, fd in ipairs(given.list(ev.pipefd)) do note(ev, fd) end
end)
on("socketpair", {when = {ok = true}}, function(ev)
  for _, fd in ipairs(given.list(ev.sv)) do note(ev, fd) end
end)
on("fcntl", {when = {ok = true, op = {"F_DUPFD", "F_DUPFD_CLOEXEC"}}}, function(ev) note(ev, ev.ret) end)
on("close", {when = {ok = true}}, function(ev) opened(ev)[ev.fd] = nil end)
on("close_range", {when = {ok = true, flags = 0}}, function(ev)
  for fd in pairs(opened(ev)) do
    if fd >= ev.first and fd <= ev.last then opened(ev)[fd] = nil end
  end
end)
on("proc:fork", function(ev)
  if not ev.thread then ev.child.proc.data.comm = ev.comm end
end)
on("proc:exec", function(ev) -- what has O_CLOEXEC is closed
  for fd in pairs(opened(ev)) do
    if not ev.proc:fd(fd) then opened(ev)[fd] = nil end
  end
  ev.proc.data.comm = ev.comm
end)

on("exit_group:enter", function(ev) ev.proc.data.comm = ev.proc.data.comm or ev.comm end)
local row = require "lib.columns" ("PID:7 COMM:15 >COUNT:5 >AGE(s):8.3 CALL:13 WHAT",
  {time = args.time, none = "no descriptor was opened and left open"})

local function report(proc, now)
  local d = proc.data
  local groups, order = {}, {}
  for _, f in pairs(d.fds or {}) do
    local what = f.what:gsub("%[%d+%]", "")
    local g = groups[f.call .. what]
    if not g then
      g = {n = 0, call = f.call, what = what, first = f.time}
      groups[f.call .. what], order[#order + 1] = g, g
    end
    g.n, g.first = g.n + 1, math.min(g.first, f.time)
  end
  table.sort(order, function(a, b) return a.n > b.n or a.n == b.n and a.first < b.first end)
  for _, g in ipairs(order) do
    if g.n >= args.min then row(proc.pid, d.comm or proc.comm, g.n, now - g.first, g.call, g.what) end
  end
end

on("proc:exit", function(ev) if not ev.thread then report(ev.proc, ev.time) end end)
on("end", function(ev) -- what runs on
  for _, proc in ipairs(processes()) do report(proc, ev.time) end
end)

test("three of a file, one closed socket", function(t)
  t:event("proc:exec", {comm = "x"})
  for fd = 3, 5 do t:event("openat", {path = "/f", ret = fd, fds = {[fd] = "/f"}}) end
  t:event("socket", {ret = 6, fds = {[6] = "socket:[77]"}})
  t:event("close", {fd = 6})
  t:event("openat", {path = "/once", ret = 6, fds = {[6] = "/once"}})
  t:advance "1s"
  t:event("proc:exit")
  t:shows "1000    x                   3    1.000 openat        /f\n"
  t:shows "    1    1.000 openat        /once\n"
  t:expect(t.stdout:find "socket", nil)
end)

test("a process that runs on", function(t)
  t:event("openat", {comm = "srv", path = "/f", ret = 3, fds = {[3] = "/f"}})
  t:advance "2s"
  t:finish()
  t:shows "1000    srv                 1    2.000 openat        /f\n"
end)

test("nothing", function(t)
  t:finish()
  t:shows "no descriptor was opened and left open\n"
end)
