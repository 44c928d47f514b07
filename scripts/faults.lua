meta {
  name = "faults",
  summary = "calls fail, or do only half, by number or by chance",
  categories = {"errors", "change", "tests"},
  acts = true,
  args = {
    calls = {type = "calls", required = true, help = "which calls, as for -t"},
    errno = {type = "errno", default = "EIO", help = "the error: ENOSPC, EMFILE, EINTR"},
    short = {type = "number", help = "no error: reads and writes move at most so many bytes"},
    nth = {type = "number", help = "only the nth such call of all processes"},
    step = {type = "number", help = "every step-th call"},
    probability = {type = "number", help = "each call with this chance, 0 to 1"},
    seed = {type = "number", default = 0, help = "other chances; the same seed, the same"},
    under = {type = "path", help = "only calls on files in this directory or below it"},
  },
  examples = {
    "luatrace -s faults -a calls=write -a errno=ENOSPC -a nth=3 tar cf x.tar src",
    "luatrace -s faults -a calls=openat -a under=/tmp -a probability=0.1 -a seed=7 make",
    "luatrace -s faults -a calls=read,write -a short=1 cat /etc/hostname",
  },
  caveats = "A failed call was not made at all: for half of a write there is short. Of readv and "
    .. "writev short leaves the first buffer. The end says how many of the calls failed, but with "
    .. "-q; -t write shows them. With several threads the order of calls, and so the choice, may "
    .. "differ from run to run.",
}

for _, name in ipairs {"nth", "short", "step"} do
  if args[name] and args[name] < 1 then error(("-a %s=%g: 1 or more is wanted"):format(name, args[name]), 0) end
end
local p = args.probability
if p and (p < 0 or p > 1) then error(("-a probability=%g: 0 to 1 is wanted"):format(p), 0) end
local below = args.under and under(args.under)

-- Calls that name files are meant by their names, others by their descriptor.
local function inside(ev)
  if not below then return true end
  local named = false
  for _, path in pairs(ev.paths) do
    if below:test(path) then return true end
    named = true
  end
  local file = not named and ev.fdpath
  return file and file:sub(1, 1) == "/" and below:test(file)
end

local calls, hits, chance = 0, 0, rng(args.seed)
local function chosen()
  calls = calls + 1
  if args.nth and calls ~= args.nth then return false end
  if args.step and (calls - 1) % args.step ~= 0 then return false end
  if p and not chance:chance(p) then return false end
  hits = hits + 1
  return true
end
if args.short or below then
  on("end", function()
    notice(("faults: %d of %d calls %s"):format(hits, calls, args.short and "cut short" or "failed"))
  end)
end

-- The argument that says how much, and what is left of it.
local sizes = {read = "count", write = "count", pread64 = "count", pwrite64 = "count", sendfile = "count",
  recvfrom = "size", sendto = "size", copy_file_range = "size", getrandom = "size"}

if args.short then
  on(args.calls .. ":enter", function(ev)
    local name, most = sizes[ev.name], args.short
    if ev.name:find "^p?readv" or ev.name:find "^p?writev" then name, most = "iovcnt", 1 end
    if name and ev.args[name] > most and inside(ev) and chosen() then ev.args[name] = most end
  end)
elseif below then
  on(args.calls .. ":enter", function(ev)
    if inside(ev) and chosen() then ev:fail(args.errno) end
  end)
else -- the kernel can do some of this by itself
  fault(args.calls, {errno = args.errno, nth = args.nth, step = args.step,
    probability = p, seed = args.seed})
end

test("every second write below a directory", {args = {calls = "write,openat", errno = "ENOSPC", step = 2, under = "/d"}}, function(t)
  t:expect(t:event("write", {fdpath = "/d/f", buf = "abc"}).err, "ENOSPC")
  t:expect(t:event("write", {fdpath = "/e/f", buf = "abc"}).ret, 3)
  t:expect(t:event("write", {fdpath = "pipe:[7]", buf = "abc"}).ret, 3)
  t:expect(t:event("openat", {path = "g", cwd = "/d", flags = "O_RDONLY", ret = 3}).ret, 3)
  t:expect(t:event("openat", {path = "g", cwd = "/d", flags = "O_RDONLY", ret = 3}).err, "ENOSPC")
end)

test("the second, wherever it is", {args = {calls = "getpid", nth = 2, errno = "EINTR"}}, function(t)
  t:expect(t:event("getpid", {ret = 7}).ret, 7)
  t:expect(t:event("getpid", {ret = 7}).err, "EINTR")
  t:expect(t:event("getpid", {ret = 7}).ret, 7)
end)

test("short", {args = {calls = "read,write,writev", short = 2, nth = 2}}, function(t)
  t:expect(t:event("write", {args = {fd = 3, buf = "abc", count = 3}}).args.count, 3)
  t:expect(t:event("write", {args = {fd = 3, buf = "ab", count = 2}}).args.count, 2) -- nothing to cut
  t:expect(t:event("write", {args = {fd = 3, buf = "abc", count = 3}, ret = 2}).args.count, 2)
  t:expect(t:event("write", {args = {fd = 3, buf = "abc", count = 3}}).args.count, 3)
end)
