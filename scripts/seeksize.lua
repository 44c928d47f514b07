meta {
  name = "seeksize",
  summary = "is I/O sequential? distances between one access and the next",
  categories = {"files", "performance"},
  args = {
    top = {type = "number", default = 10, help = "how many histograms to show, 0 for all"},
    under = {type = "path", help = "only files in this directory or below it"},
  },
  examples = {
    "luatrace -s seeksize sqlite3 test.db 'select count(*) from t'",
    "luatrace -s seeksize -a under=/var/lib -p 1234",
  },
  caveats = "A distance of 0 is sequential. Offsets are followed per descriptor number and "
    .. "process: a descriptor shared with a child counts in each. O_APPEND counts as sequential.",
}

local distances = agg("bytes skipped between accesses", {key = {"file"}, unit = "bytes", top = args.top})
require "lib.empty"(distances, "no file was accessed twice")

local when = {ret = gt(0)}
if args.under then when.fdpath = under(args.under) end

-- Where each descriptor stands, and where its last access ended.
local function places(ev)
  local d = ev.proc.data
  d.at, d.ended = d.at or {}, d.ended or {}
  return d
end

local function access(ev, offset)
  local d, fd, path = places(ev), ev.fd, ev.fdpath
  if not path or path:sub(1, 1) ~= "/" then return end
  local from = offset or d.at[fd] or 0
  if d.ended[fd] then distances:hist(math.abs(from - d.ended[fd]), path) end
  d.ended[fd] = from + ev.ret
  if not offset then d.at[fd] = from + ev.ret end
end

on("read,write,readv,writev", {when = when}, function(ev) access(ev) end)
on("pread64,pwrite64,preadv,pwritev,preadv2,pwritev2", {when = when}, function(ev) access(ev, ev.offset) end)
on("lseek", {when = {ok = true}}, function(ev) places(ev).at[ev.fd] = ev.ret end)
on("open,openat,openat2,creat", {when = {ok = true}}, function(ev)
  places(ev).at[ev.ret], places(ev).ended[ev.ret] = 0, nil
end)

test("sequential, then a jump", function(t)
  t:event("openat", {path = "/f", ret = 3})
  for _ = 1, 4 do t:event("read", {fdpath = "/f", buf = ("x"):rep(100)}) end
  t:event("lseek", {fd = 3, offset = 5000, ret = 5000})
  t:event("read", {fdpath = "/f", buf = "x"})
  t:finish()
  t:shows "[0]"
  t:shows "[4K, 8K)"
end)
