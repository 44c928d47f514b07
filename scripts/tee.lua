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

local names = {[0] = "in", [1] = "out", [2] = "err"}
local open = {} -- the unfinished line of each process and descriptor

local function lines(ev, data)
  local key = ev.pid .. "." .. ev.fd
  local text = (open[key] or "") .. data
  local from = 1
  for line, at in text:gmatch "([^\n]*)\n()" do
    if output.json then
      emit {pid = ev.pid, comm = ev.comm, stream = names[ev.fd], line = line}
    elseif args.prefix then
      printf("%d %s %s: %s\n", ev.pid, ev.comm, names[ev.fd], line)
    else
      printf("%s\n", line)
    end
    from = at
  end
  open[key] = text:sub(from)
  if open[key] == "" then open[key] = nil end
end

local function vector(ev)
  local parts = {}
  for _, v in ipairs(ev.iov or {}) do parts[#parts + 1] = v.iov_base end
  return table.concat(parts):sub(1, ev.ret)
end

local written = {fd = {1, 2}, ret = gt(0)}
on("write", {when = written}, function(ev) lines(ev, ev.buf:sub(1, ev.ret)) end)
on("writev", {when = written}, function(ev) lines(ev, vector(ev)) end)
if args.stdin then
  on("read", {when = {fd = 0, ret = gt(0)}}, function(ev) lines(ev, ev.buf) end)
  on("readv", {when = {fd = 0, ret = gt(0)}}, function(ev) lines(ev, vector(ev)) end)
end

on("end", function()
  for _, rest in pairs(open) do printf("%s\n", rest) end
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
