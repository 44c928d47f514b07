meta {
  name = "rwsize",
  summary = "sizes of reads and writes by file, as histograms",
  categories = {"files", "performance"},
  args = {
    top = {type = "number", default = 10, help = "how many histograms to show, 0 for all"},
    under = {type = "path", help = "only files in this directory or below it"},
  },
  examples = {
    "luatrace -s rwsize sort /usr/share/dict/words",
    "luatrace -s rwsize -a under=/var -a top=3 ./database",
  },
  caveats = "Bytes that were moved count, not those asked for. Ends of files and failures "
    .. "do not count, nor does I/O through mmap, sendfile or io_uring.",
}

local sizes = agg("bytes at once", {key = {"op", "file"}, unit = "bytes", top = args.top})
require "lib.empty"(sizes, "nothing was read or written")

local when = {ret = gt(0)}
if args.under then when.fdpath = under(args.under) end

on("read,readv,pread64,preadv,preadv2", {when = when}, function(ev)
  sizes:hist(ev.ret, "read", ev.fdpath)
end)

on("write,writev,pwrite64,pwritev,pwritev2", {when = when}, function(ev)
  sizes:hist(ev.ret, "write", ev.fdpath)
end)

test("two directions", function(t)
  for _ = 1, 3 do t:event("read", {fdpath = "/f", buf = ("x"):rep(100), count = 4096}) end
  t:event("read", {fdpath = "/f", ret = 0})
  t:event("write", {fdpath = "/f", buf = "x"})
  t:finish()
  t:shows "op=read, file=/f\n[64, 128)  3 |"
  t:shows "op=write, file=/f\n[1]        1 |"
end)
