meta {
  name = "crashpoints",
  summary = "the process dies at its n-th write or fsync: is the data whole?",
  categories = {"files", "errors", "change", "tests"},
  acts = true,
  args = {
    n = {type = "number", default = 0, help = "which point; 0 counts them and kills nothing"},
    calls = {type = "calls", default = "write,pwrite64,writev,pwritev,pwritev2,copy_file_range,sendfile,"
      .. "fsync,fdatasync,ftruncate,/^rename/,/^unlink/,/^link/", help = "the calls that are points"},
    under = {type = "path", help = "only files in this directory or below it"},
    torn = {type = "flag", help = "half of a write is done before the end"},
  },
  examples = {
    "luatrace -s crashpoints -a under=. cp /etc/hostname copy",
    "luatrace -s crashpoints -a under=. -a n=1 cp /etc/hostname copy",
  },
  caveats = "A dying process, not a power cut: what was written is in the page cache and "
    .. "stays. Points are counted over all processes; with several threads their order may vary.",
}

local inside = args.under and under(args.under)
local points = 0

local function concerned(ev)
  if not inside then return true end
  for _, path in pairs(ev.paths) do
    if inside:test(path) then return true end
  end
  local path = ev.fdpath
  if ev.name == "copy_file_range" then path = ev.proc:fd(ev.fd_out) end -- the first is what it reads
  return path and inside:test(path)
end

on(args.calls .. ":enter", function(ev)
  if not concerned(ev) then return end
  points = points + 1
  if points ~= args.n then return end
  local what, pid, comm = ev.call .. ")", ev.pid, ev.comm -- who is killed has no name
  if args.torn and (ev.name == "write" or ev.name == "pwrite64") and ev.count > 1 then
    ev.count = math.floor(ev.count / 2)
    ev:onexit(function(ev) ev.proc:kill "SIGKILL" end)
    what = what .. ", half of it"
  else
    ev:fail "EIO"
    ev.proc:kill "SIGKILL"
  end
  if output.json then
    emit {point = points, pid = pid, comm = comm, call = ev.name, at = what}
  else
    printf("point %d: %d %s killed at %s\n", points, pid, comm, what)
  end
end)

on("end", function()
  if output.json then return emit {points = points} end
  if args.n == 0 then printf("%d points: run it again with -a n=1 to n=%d\n", points, points) end
  if args.n > points then printf("there are only %d points\n", points) end
end)

test("the second write", {args = {n = 2, under = "/d"}}, function(t)
  t:expect(t:event("write", {fd = 3, fdpath = "/d/f", buf = "a"}).skipped, false)
  t:expect(t:event("write", {fd = 1, fdpath = "/dev/tty", buf = "a"}).skipped, false)
  local r = t:event("fsync", {fd = 3, fdpath = "/d/f"})
  t:expect(r.skipped)
  t:expect(r.killed, {"SIGKILL"})
  t:expect(t.stdout, "point 2: 1000 test killed at fsync(3)\n")
end)

test("half a write", {args = {n = 1, torn = true}}, function(t)
  local r = t:event("write", {fd = 3, buf = "abcdef", ret = 3})
  t:expect(r.args.count, 3)
  t:expect(r.skipped, false)
  t:expect(r.killed, {"SIGKILL"})
end)

test("how many", function(t)
  t:event("rename", {oldpath = "/a", newpath = "/b"})
  t:finish()
  t:expect(t.stdout, "1 points: run it again with -a n=1 to n=1\n")
end)
