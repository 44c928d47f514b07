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

local auxv = require "lib.auxv"

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

on("getrandom", {when = {ret = gt(0)}}, function(ev) ev.buf = stream(ev):bytes(ev.ret) end)
on("read,pread64", {when = {ret = gt(0), fdpath = {"/dev/urandom", "/dev/random"}}}, function(ev)
  ev.buf = stream(ev):bytes(ev.ret)
end)

local fake, real, last = {}, {}, 10000

local function shown(pid)
  if pid <= 0 then return pid end
  if not fake[pid] then
    last = last + 1
    fake[pid], real[last] = last, pid
  end
  return fake[pid]
end

if args.pids then
  on("proc:exec", function(ev) shown(ev.pid) end)
  on("proc:fork", function(ev) -- before either of the two goes on
    if not ev.thread then shown(ev.child.tid) end
  end)
  on("getpid,getppid,getpgrp,getpgid,getsid,setsid", {when = {ok = true}}, function(ev) ev.ret = shown(ev.ret) end)
  on("fork,vfork,clone,clone3", {when = {ret = gt(0)}}, function(ev)
    local flags = ev.name == "clone" and ev.flags or ev.name == "clone3" and ev.cl_args.flags
    if not (flags and flags:has "CLONE_THREAD") then ev.ret = shown(ev.ret) end
  end)
  on("wait4", {when = {ret = gt(0)}}, function(ev) ev.ret = shown(ev.ret) end)
  -- What the program believes to be a process id goes back as the real one.
  on("wait4,kill,tgkill,getpgid,getsid,setpgid:enter", function(ev)
    local id = ev.args[1]
    if real[id] then ev.args[1] = real[id] elseif real[-id] then ev.args[1] = -real[-id] end
    if ev.name == "setpgid" and real[ev.args[2]] then ev.args[2] = real[ev.args[2]] end
  end)
end

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
end)
