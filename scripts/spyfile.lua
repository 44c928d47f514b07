meta {
  name = "spyfile",
  summary = "everything that happens to one file: calls and data",
  categories = {"files"},
  args = {
    file = {type = "path", required = true, help = "the file"},
    data = {type = "flag", help = "show the data that is read and written"},
    time = {type = "flag", help = "a column with the time of each row; -tt gives it too"},
  },
  examples = {
    "luatrace -s spyfile -a file=/etc/hosts getent hosts localhost",
    "luatrace -s spyfile -a file=app.log -a data -p 1234",
  },
  caveats = "The file is known by its name: other names of it (links, /proc/self/fd) are "
    .. "missed, and so is what goes through mmap.",
}

local follow = require "lib.follow"
local moves = {}
for name in (follow.received .. "," .. follow.sent):gmatch "[^,]+" do moves[name] = true end
for _, name in ipairs {"pread64", "pwrite64", "preadv", "pwritev", "preadv2", "pwritev2"} do moves[name] = true end

local row = require "lib.columns"("PID:7 COMM:15 CALL:15 ERR:8 WHAT", {time = args.time})

local function names(ev)
  for _, path in pairs(ev.paths) do
    if path == args.file then return true end
  end
end

-- The call as a line, without the blanks that align results.
local function line(ev) return (tostring(ev):gsub("%) +=", ") =", 1)) end

on("%file", function(ev)
  if names(ev) then row(ev.pid, ev.comm, ev.name, ev.err, line(ev)) end
end)

on("%desc", {when = {fdpath = args.file}}, function(ev)
  if names(ev) then return end
  local data = args.data and moves[ev.name] and follow.data(ev)
  row(ev.pid, ev.comm, ev.name, ev.err, data or line(ev))
end)

test("by name and by descriptor", {args = {file = "/etc/hosts", data = true}}, function(t)
  t:event("openat", {path = "/etc/hosts", flags = "O_RDONLY", ret = 3})
  t:event("openat", {path = "/etc/passwd", flags = "O_RDONLY", ret = 4})
  t:event("openat", {path = "hosts", cwd = "/etc", flags = "O_RDONLY", ret = 4})
  t:event("read", {fd = 3, fdpath = "/etc/hosts", buf = "127.0.0.1\n", count = 100})
  t:event("read", {fd = 9, fdpath = "/etc/passwd", buf = "root\n", count = 100})
  local rows = select(2, t.stdout:gsub("\n", "")) - 1
  t:expect(rows, 3)
  t:shows "read            -        127.0.0.1\\n"
  t:shows 'openat(AT_FDCWD, "hosts", O_RDONLY) = 4'
end)
