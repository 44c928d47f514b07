meta {
  name = "memgrow",
  summary = "how address spaces grow: brk, mmap and munmap by process",
  categories = {"memory", "performance"},
  args = {
    min = {type = "number", default = 1048576, help = "show each change of at least so many bytes"},
    files = {type = "flag", help = "also mappings of files"},
    time = {type = "flag", help = "a column with the time of each row; -tt gives it too"},
  },
  examples = {
    "luatrace -s memgrow python3 -c 'x = [0] * 10000000'",
    "luatrace -s memgrow -a min=65536 -p 1234",
  },
  caveats = "Address space, not memory in use: pages count when they are touched (RSS). "
    .. "malloc takes and keeps large pieces, so not every allocation is a call.",
}

local human = require "lib.human"
local columns = require "lib.columns"
local row = columns("PID:7 COMM:15 CALL:8 >CHANGE:8 >TOTAL:8 >RSS:8 WHAT", {time = args.time})

local function rss(proc)
  local kb = (proc:file "status" or ""):match "VmRSS:%s*(%d+)"
  return kb and human.bytes(kb * 1024)
end

local function change(ev, bytes, what)
  local d = ev.proc.data
  d.total = (d.total or 0) + bytes
  d.peak = math.max(d.peak or 0, d.total)
  d.comm = d.comm or ev.comm
  if math.abs(bytes) >= args.min then
    local sign = bytes < 0 and "" or "+"
    row(ev.pid, ev.comm, ev.name, sign .. human.bytes(bytes), human.bytes(d.total), rss(ev.proc), what)
  end
end

on("brk", function(ev)
  local d = ev.proc.data
  if d.brk then change(ev, ev.ret - d.brk, "heap") end
  d.brk = ev.ret
end)

on("mmap", {when = {ok = true}}, function(ev)
  local anonymous = ev.flags:has "MAP_ANONYMOUS"
  if anonymous or args.files then change(ev, ev.length, anonymous and "anonymous" or ev.fdpath) end
  ev.proc.data.maps = ev.proc.data.maps or {}
  if anonymous or args.files then ev.proc.data.maps[ev.ret] = ev.length end
end)

on("mremap", {when = {ok = true}}, function(ev) change(ev, ev.new_size - ev.old_size, "resized") end)

on("munmap", {when = {ok = true}}, function(ev)
  local maps = ev.proc.data.maps
  if maps and maps[ev.args.addr] then
    change(ev, -ev.length, "unmapped")
    maps[ev.args.addr] = nil
  end
end)

on("proc:exec", function(ev) -- a new address space
  local d = ev.proc.data
  d.total, d.brk, d.maps, d.comm = 0, nil, nil, ev.comm
end)

local function report(proc, when, resident)
  local d = proc.data
  if d.peak and d.peak >= args.min then
    row(proc.pid, d.comm, when, nil, human.bytes(d.total), resident, "peak " .. human.bytes(d.peak))
  end
end

on("proc:exit", function(ev)
  if not ev.thread then report(ev.proc, "exit") end
end)
on("end", function() -- what runs on
  for _, proc in ipairs(processes()) do report(proc, "now", rss(proc)) end
end)

test("heap and mappings", function(t)
  t:event("brk", {ret = 0x1000000})
  t:event("brk", {addr = 0x1200000, ret = 0x1200000, files = {status = "VmRSS:\t 2048 kB\n"}})
  t:event("mmap", {length = 4194304, flags = "MAP_PRIVATE|MAP_ANONYMOUS", ret = 0x7f0000000000})
  t:event("mmap", {length = 4096, flags = "MAP_PRIVATE|MAP_ANONYMOUS", ret = 0x7f0010000000})
  t:event("munmap", {args = {addr = 0x7f0000000000, length = 4194304}})
  t:event("proc:exit")
  t:shows "brk         +2.0M     2.0M     2.0M heap\n"
  t:shows "mmap        +4.0M     6.0M     2.0M anonymous\n"
  t:shows "munmap      -4.0M     2.0M     2.0M unmapped\n"
  t:shows "peak 6.0M\n"
end)

test("a process that runs on", function(t)
  t:event("mmap", {length = 4194304, flags = "MAP_PRIVATE|MAP_ANONYMOUS", ret = 0x7f0000000000, comm = "srv",
    files = {status = "VmRSS:\t 2048 kB\n"}})
  t:clear()
  t:finish()
  t:shows "1000    srv             now             -     4.0M     2.0M peak 4.0M\n"
end)
