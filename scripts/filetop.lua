meta {
  name = "filetop",
  summary = "bytes and calls by file, each second or at the end",
  categories = {"files", "performance"},
  args = {
    interval = {type = "duration", default = "0s", help = "show it each time, 0 only at the end"},
    top = {type = "number", default = 20, help = "how many files"},
    under = {type = "path", help = "only files in this directory or below it"},
  },
  examples = {
    "luatrace -s filetop git status",
    "luatrace -s filetop -a interval=1s -p 1234",
  },
  caveats = "Bytes that the calls moved, from the cache or not; copies that the kernel makes "
    .. "(copy_file_range, sendfile, splice, tee) count for both files. I/O through mmap and io_uring, and "
    .. "clones of files (cp --reflink), are not seen.",
}

local human = require "lib.human"
local files = {}

local function note(path, reads, bytes)
  if not path then return end
  local f = files[path] or {path = path, reads = 0, writes = 0, rbytes = 0, wbytes = 0}
  files[path] = f
  if reads then
    f.reads, f.rbytes = f.reads + 1, f.rbytes + bytes
  else
    f.writes, f.wbytes = f.writes + 1, f.wbytes + bytes
  end
end

local inside = args.under and under(args.under)
local when = {ok = true, fdpath = inside}
on("read,readv,pread64,preadv,preadv2", {when = when}, function(ev) note(ev.fdpath, true, ev.ret) end)
on("write,writev,pwrite64,pwritev,pwritev2", {when = when}, function(ev) note(ev.fdpath, false, ev.ret) end)

-- From one descriptor to another in the kernel.
on("copy_file_range,sendfile,splice,tee", {when = {ok = true}}, function(ev)
  local sends = ev.name == "sendfile"
  local from, to = sends and ev.in_fd or ev.fd_in, sends and ev.out_fd or ev.fd_out
  for reads, fd in pairs {[true] = from, [false] = to} do
    local path = ev.proc:fd(fd)
    if path and not (inside and not inside:test(path)) then note(path, reads, ev.ret) end
  end
end)

local function report()
  local list = {}
  for _, f in pairs(files) do list[#list + 1] = f end
  table.sort(list, function(a, b)
    local x, y = a.rbytes + a.wbytes, b.rbytes + b.wbytes
    if x ~= y then return x > y end
    return a.path < b.path
  end)
  if not output.json then printf("%7s %7s %7s %7s %s\n", "READS", "WRITES", "R_SIZE", "W_SIZE", "FILE") end
  if #list == 0 and not output.json then print "no file was read or written" end
  for i = 1, math.min(#list, args.top) do
    local f = list[i]
    if output.json then
      emit(f)
    else
      printf("%7d %7d %7s %7s %s\n", f.reads, f.writes, human.bytes(f.rbytes), human.bytes(f.wbytes), f.path)
    end
  end
end

if args.interval > 0 then
  every(args.interval, function()
    output.frame(report)
    files = {}
  end)
else
  on("end", report)
end

test("two files", function(t)
  t:event("read", {fdpath = "/big", buf = ("x"):rep(5000), count = 8192})
  t:event("read", {fdpath = "/big", ret = 0})
  t:event("write", {fd = 4, fdpath = "/small", buf = "abc"})
  t:event("write", {fd = 4, fdpath = "/small", buf = "abc", err = "ENOSPC"})
  t:finish()
  t:expect(t.stdout, "  READS  WRITES  R_SIZE  W_SIZE FILE\n      2       0    4.9K       0 /big\n      0       1       0       3 /small\n")
end)

test("copies in the kernel", {args = {under = "/d"}}, function(t)
  t:event("copy_file_range", {fd_in = 3, fd_out = 4, size = 9000, ret = 9000, fds = {[3] = "/d/a", [4] = "/d/b"}})
  t:event("sendfile", {out_fd = 5, in_fd = 3, count = 10, ret = 10, fds = {[3] = "/d/a", [5] = "tcp 127.0.0.1:1->127.0.0.1:2"}})
  t:event("splice", {fd_in = 6, fd_out = 4, size = 10, err = "EINVAL", fds = {[6] = "pipe:[5]", [4] = "/d/b"}})
  t:event("tee", {fd_in = 6, fd_out = 7, size = 10, ret = 10, fds = {[6] = "pipe:[5]", [7] = "pipe:[6]"}})
  t:finish()
  t:expect(t.stdout:match "\n(.*)", "      2       0    8.8K       0 /d/a\n      0       1       0    8.8K /d/b\n")
end)

test("each second", {args = {interval = "1s"}}, function(t)
  t:event("write", {fdpath = "/a", buf = "abc"})
  t:advance "1s"
  t:event("write", {fdpath = "/b", buf = "abc"})
  t:advance "1s"
  local _, frames = t.stdout:gsub("READS", "")
  t:expect(frames, 2)
  t:expect(select(2, t.stdout:gsub("/a", "")), 1)
end)
