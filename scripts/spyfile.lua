meta {
  name = "spyfile",
  summary = "everything that happens to one file: calls and data",
  categories = {"files"},
  args = {
    file = {type = "path", required = true, help = "the file"},
    data = {type = "flag", help = "show the data that is read and written"},
  },
  examples = {
    "luatrace -s spyfile -a file=/etc/hosts getent hosts localhost",
    "luatrace -s spyfile -a file=app.log -a data -p 1234",
  },
  caveats = "The file is known by its name: other names of it (links, /proc/self/fd) are "
    .. "missed, and so is what goes through mmap.",
}

local row = require "lib.columns" "PID:7 COMM:15 CALL:12 ERR:8 WHAT"

local function names(ev)
  for _, path in pairs(ev.paths) do
    if path == args.file then return true end
  end
end

on("%file", function(ev)
  if names(ev) then row(ev.pid, ev.comm, ev.name, ev.err, ev.call .. ")") end
end)

on("%desc", {when = {fdpath = args.file}}, function(ev)
  if names(ev) then return end
  local what = ev.call .. ")"
  if args.data and ev.ok and (ev.name == "read" or ev.name == "write") then what = ev.buf:sub(1, ev.ret) end
  row(ev.pid, ev.comm, ev.name, ev.err, what)
end)

test("by name and by descriptor", {args = {file = "/etc/hosts", data = true}}, function(t)
  t:event("openat", {path = "/etc/hosts", flags = "O_RDONLY", ret = 3})
  t:event("openat", {path = "/etc/passwd", flags = "O_RDONLY", ret = 4})
  t:event("openat", {path = "hosts", cwd = "/etc", flags = "O_RDONLY", ret = 4})
  t:event("read", {fd = 3, fdpath = "/etc/hosts", buf = "127.0.0.1\n", count = 100})
  t:event("read", {fd = 9, fdpath = "/etc/passwd", buf = "root\n", count = 100})
  local rows = select(2, t.stdout:gsub("\n", "")) - 1
  t:expect(rows, 3)
  t:shows "read         -        127.0.0.1\\n"
end)
