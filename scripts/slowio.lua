meta {
  name = "slowio",
  summary = "a slow disk or network: calls take longer",
  categories = {"files", "network", "change"},
  acts = true,
  args = {
    delay = {type = "duration", default = "0s", help = "this long for each call: 10ms"},
    rate = {type = "number", default = 0, help = "bytes a second, 0 for no limit"},
    under = {type = "path", help = "only files in this directory or below it"},
    network = {type = "flag", help = "only sockets of the internet"},
    jitter = {type = "number", default = 0, help = "vary it by this share, 0 to 1"},
    seed = {type = "number", default = 0, help = "other variations"},
  },
  examples = {
    "luatrace -s slowio -a delay=5ms -a under=/etc cat /etc/hosts",
    "luatrace -s slowio -a network -a rate=20000 curl -s http://localhost:8000/",
  },
  caveats = "Each thread waits for itself: the rate is for a thread, not for the machine. "
    .. "Waiting in poll or select is not longer. mmap and io_uring are as fast as ever.",
}

if args.delay == 0 and args.rate <= 0 then error("say how slow: -a delay=TIME or -a rate=BYTES", 0) end

local chance = rng(args.seed)

local function matches(ev)
  if args.network then
    local path = ev.fdpath
    return path and (path:find "^tcp" or path:find "^udp")
  end
  return true
end

local function slow(ev, bytes)
  if not matches(ev) then return end
  local seconds = args.delay
  if args.rate > 0 and bytes > 0 then seconds = seconds + bytes / args.rate end
  if args.jitter > 0 then seconds = seconds * (1 + args.jitter * chance:float(-1, 1)) end
  ev:delay(seconds)
end

local when = {ok = true}
if args.under then when.fdpath = under(args.under) end
on("read,readv,pread64,preadv,preadv2,recvfrom,recvmsg,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendfile",
  {when = when}, function(ev) slow(ev, ev.ret) end)
on("fsync,fdatasync,sync_file_range,connect", {when = when}, function(ev) slow(ev, 0) end)
if not args.network then
  on("open,openat,stat,newfstatat,statx,unlink,unlinkat,rename,renameat2:enter", function(ev)
    if args.delay > 0 and (not args.under or under(args.under):test(ev.abspath or "")) then ev:delay(args.delay) end
  end)
end

test("delay and rate", {args = {delay = "10ms", rate = 1000, under = "/data"}}, function(t)
  t:expect(t:event("read", {fdpath = "/data/x", buf = ("x"):rep(100)}).delay, 0.11)
  t:expect(t:event("read", {fdpath = "/other", buf = ("x"):rep(100)}).delay, 0)
  t:expect(t:event("openat", {path = "/data/x", ret = 3}).delay, 0.01)
  t:expect(t:event("openat", {path = "/other", ret = 3}).delay, 0)
end)

test("only the network", {args = {network = true, delay = "1s"}}, function(t)
  t:expect(t:event("sendto", {fdpath = "tcp 1.2.3.4:5->6.7.8.9:80", buf = "x"}).delay, 1)
  t:expect(t:event("write", {fdpath = "/x", buf = "x"}).delay, 0)
end)
