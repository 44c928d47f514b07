meta {
  name = "tee",
  summary = "copies of what a process tree reads and writes on 0, 1 and 2",
  categories = {"files", "processes"},
  args = {
    stdin = {type = "flag", help = "also what is read"},
    prefix = {type = "flag", help = "process and descriptor before each line"},
  },
  examples = {
    "luatrace -s tee sh -c 'echo out; echo err >&2' >/dev/null 2>&1",
    "luatrace -o copy -s tee -a stdin -a prefix -p 1234",
  },
  caveats = "Descriptors are known by number: what was opened again as 1 counts too. "
    .. "Output through splice or sendfile is missed. Control characters are escaped.",
}

local follow = require "lib.follow"
local names = {[0] = "in", [1] = "out", [2] = "err"}
local open, order = {}, {} -- the unfinished line of each process and descriptor

local function show(o, line)
  if output.json then
    emit {pid = o.pid, comm = o.comm, stream = o.stream, line = line}
  elseif args.prefix then
    printf("%d %s %s: %s\n", o.pid, o.comm, o.stream, line)
  else
    printf("%s\n", line)
  end
end

local function lines(ev)
  local data = follow.data(ev)
  if not data then return end
  local key = ev.pid .. "." .. ev.fd
  local o = open[key]
  if not o then
    o = {pid = ev.pid, stream = names[ev.fd], rest = ""}
    open[key], order[#order + 1] = o, o
  end
  o.comm = ev.comm
  local text, from = o.rest .. data, 1
  for line, at in text:gmatch "([^\n]*)\n()" do
    show(o, line)
    from = at
  end
  o.rest = text:sub(from)
end

on("write,writev", {when = {fd = {1, 2}, ret = gt(0)}}, lines)
if args.stdin then on("read,readv", {when = {fd = 0, ret = gt(0)}}, lines) end

on("end", function()
  for _, o in ipairs(order) do
    if o.rest ~= "" then show(o, o.rest) end
  end
end)

test("lines in pieces", {args = {prefix = true}}, function(t)
  t:event("write", {fd = 1, buf = "one\ntw"})
  t:event("write", {fd = 2, buf = "bad\n"})
  t:event("write", {fd = 1, buf = "o\n"})
  t:event("write", {fd = 3, buf = "file\n"})
  t:expect(t.stdout, "1000 test out: one\n1000 test err: bad\n1000 test out: two\n")
end)

test("short writes and the end", function(t)
  t:event("write", {fd = 1, buf = "abc", ret = 2})
  t:finish()
  t:expect(t.stdout, "ab\n")
end)
