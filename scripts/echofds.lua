meta {
  name = "echofds",
  summary = "the data that is read and written, by descriptor",
  categories = {"files", "network"},
  args = {
    fds = {type = "list", help = "only these descriptors, such as 0,1,2"},
    under = {type = "path", help = "only files in this directory or below it"},
    max = {type = "number", default = 200, help = "how many bytes of each call"},
  },
  examples = {
    "luatrace -s echofds -a fds=1 sh -c 'echo hello | tr a-z A-Z'",
    "luatrace -s echofds -a under=/etc -p 1234",
  },
  caveats = "Data may be secret: mind who reads the output. Not seen: mmap, sendfile, "
    .. "splice, io_uring. Bytes that are no text are shown as \\xNN.",
}

local follow = require "lib.follow"
local fds = {}
for _, fd in ipairs(args.fds) do fds[tonumber(fd) or -1] = true end

local function show(ev, sign)
  local fd = ev.fd
  if next(fds) and not fds[fd] then return end
  local data = follow.data(ev)
  if not data then return end
  if output.json then
    return emit {pid = ev.pid, comm = ev.comm, fd = fd, file = ev.fdpath, op = ev.name, data = data:sub(1, args.max)}
  end
  output.colour(sign == "<" and "cyan" or "green")
  printf("%d %s %s%d %s\n", ev.pid, ev.comm, sign, fd, ev.fdpath or "?")
  output.colour()
  for line in data:sub(1, args.max):gmatch "([^\n]*)\n?" do
    if line ~= "" then printf("    %s\n", line) end
  end
  if #data > args.max then printf("    ...%d more bytes\n", #data - args.max) end
end

local when = {ok = true}
if args.under then when.fdpath = under(args.under) end
on("read,pread64,readv,preadv,preadv2,recvfrom,recvmsg", {when = when}, function(ev) show(ev, "<") end)
on("write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg", {when = when}, function(ev) show(ev, ">") end)

test("two directions", function(t)
  t:event("read", {fd = 0, fdpath = "/dev/tty", buf = "in\n", count = 100})
  t:event("write", {fd = 1, fdpath = "pipe:[5]", buf = "one\ntwo\n"})
  t:event("writev", {fd = 1, iov = {"a", "b\n"}})
  t:expect(t.stdout, "1000 test <0 /dev/tty\n    in\n1000 test >1 pipe:[5]\n    one\n    two\n1000 test >1 pipe:[5]\n    ab\n")
end)

test("only one descriptor, and not all of it", {args = {fds = "2", max = 3}}, function(t)
  t:event("write", {fd = 1, buf = "out\n"})
  t:event("write", {fd = 2, fdpath = "/e", buf = "error"})
  t:expect(t.stdout, "1000 test >2 /e\n    err\n    ...2 more bytes\n")
end)
