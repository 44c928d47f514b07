meta {
  name = "iotop",
  summary = "bytes read and written by process, each second",
  categories = {"processes", "performance"},
  args = {
    interval = {type = "duration", default = "1s", help = "how often"},
    top = {type = "number", default = 20, help = "how many processes"},
  },
  examples = {
    "luatrace -s iotop tar cf x.tar /usr/share/doc",
    "luatrace -s iotop -a interval=5s -p 1234,1235",
  },
  caveats = "What read and write calls moved (also to pipes, sockets and terminals), not "
    .. "what reached a disk.",
}

local human = require "lib.human"
local procs, shown = {}, false

local function note(ev, key)
  local p = procs[ev.pid] or {pid = ev.pid, comm = ev.comm, read = 0, written = 0, calls = 0}
  procs[ev.pid] = p
  p[key], p.calls = p[key] + ev.ret, p.calls + 1
end

on("read,readv,pread64,preadv,preadv2,recvfrom,recvmsg", {when = {ok = true}}, function(ev) note(ev, "read") end)
on("write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg", {when = {ok = true}}, function(ev) note(ev, "written") end)

local function report()
  shown = true
  local list = {}
  for _, p in pairs(procs) do list[#list + 1] = p end
  table.sort(list, function(a, b)
    local x, y = a.read + a.written, b.read + b.written
    if x ~= y then return x > y end
    return a.pid < b.pid
  end)
  if not output.json then printf("%-7s %-15s %8s %8s %8s\n", "PID", "COMM", "READ", "WRITTEN", "CALLS") end
  for i = 1, math.min(#list, args.top) do
    local p = list[i]
    if output.json then
      emit(p)
    else
      printf("%-7d %-15s %8s %8s %8d\n", p.pid, p.comm, human.bytes(p.read), human.bytes(p.written), p.calls)
    end
  end
  procs = {}
end

every(args.interval, function() output.frame(report) end)
on("end", function()
  if next(procs) then output.frame(report) end
end)
require "lib.empty"(function() return shown end, "nothing was read or written")

test("two processes", function(t)
  t:event("read", {pid = 10, comm = "a", buf = ("x"):rep(2048)})
  t:event("write", {pid = 11, comm = "b", buf = "abc"})
  t:event("write", {pid = 11, comm = "b", buf = "abc"})
  t:advance "1s"
  t:expect(t.stdout, "PID     COMM                READ  WRITTEN    CALLS\n10      a                   2.0K        0        1\n11      b                      0        6        2\n")
  t:clear()
  t:finish()
  t:expect(t.stdout, "")
end)
