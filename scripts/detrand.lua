meta {
  name = "detrand",
  summary = "the same random numbers in each run, and the same process ids",
  categories = {"change", "tests"},
  acts = true,
  args = {
    seed = {type = "number", default = 1, help = "other numbers"},
    pids = {type = "flag", help = "also process ids: 10001, 10002, ..."},
  },
  examples = {
    "luatrace -s detrand head -c 8 /dev/urandom",
    "luatrace -s detrand -a pids -a seed=7 sh -c 'echo $$'",
    "luatrace -s detrand setarch -R openssl rand -hex 8",
  },
  caveats = "Made up are getrandom, /dev/random, /dev/urandom and AT_RANDOM: enough for python, perl, "
    .. "mktemp, shuf, sqlite. OpenSSL and node mix addresses into their seed: run them by \"setarch -R\". Bash's "
    .. "RANDOM has addresses, pid and time in it: add -a pids and faketime -a frozen. The order of threads and the "
    .. "CPU's own random numbers (RDRAND) stay. With pids, /proc/PID and messages with credentials still show the "
    .. "real ones.",
}

local auxv, given = require "lib.auxv", require "lib.given"

-- Each process has its own stream, in the order of their birth: what one draws
-- does not depend on how fast another is.
local born = 0
local function stream(ev)
  local d = ev.proc.data
  if not d.random then
    born = born + 1
    d.random = rng(args.seed * 65537 + born)
  end
  return d.random
end

on("proc:exec", function(ev) auxv.random(ev, stream(ev):bytes(16)) end)
on("proc:fork", function(ev)
  if not ev.thread then
    born = born + 1
    ev.child.proc.data.random = rng(args.seed * 65537 + born)
  end
end)

local function put(ev, bytes) ev.buf = bytes end
local function draw(ev) given.write(put, ev, stream(ev):bytes(ev.ret)) end
on("getrandom", {when = {ret = gt(0)}}, draw)
on("read,pread64", {when = {ret = gt(0), fdpath = {"/dev/urandom", "/dev/random"}}}, draw)

if args.pids then require "lib.pids" end

test("the same again", function(t)
  local a = t:event("getrandom", {buf = ("x"):rep(8), size = 8}).line
  t:expect(a ~= t:event("getrandom", {buf = ("x"):rep(8), size = 8}).line)
  t:expect(a, [[getrandom("\xee\x4a\xd6\x00\xe6\x3e\xa1\xbd", 8, 0) = 8]])
  t:expect(t:event("read", {fdpath = "/dev/urandom", buf = ("x"):rep(4), count = 4}).line:find "xxxx", nil)
  t:expect((t:event("read", {fdpath = "/etc/x", buf = ("x"):rep(4), count = 4}).line:find "xxxx") ~= nil)
end)

test("process ids", {args = {pids = true}}, function(t)
  t:expect(t:event("getpid", {pid = 77, ret = 77}).ret, 10001)
  t:expect(t:event("clone", {pid = 77, flags = "SIGCHLD", ret = 78}).ret, 10002)
  t:expect(t:event("kill", {pid = 77, args = {pid = 10002, sig = "SIGTERM"}}).args.pid, 78)
  t:expect(t:event("wait4", {pid = 77, args = {pid = 10002}, ret = 78}).ret, 10002)
  t:expect(t:event("kill", {pid = 77, args = {pid = -10002, sig = 0}}).args.pid, -78)
  local r = t:event("waitid", {pid = 77, idtype = "P_PID", id = 10002, infop = {si_signo = "SIGCHLD", si_code = "CLD_EXITED", si_pid = 78}})
  t:expect(r.args.id, 78)
  t:expect(r.full:match "si_pid=%d+", "si_pid=10002")
end)
