meta {
  name = "topconns",
  summary = "bytes sent and received by connection",
  categories = {"network", "performance"},
  args = {
    interval = {type = "duration", default = "0s", help = "show it each time, 0 only at the end"},
    top = {type = "number", default = 20, help = "how many connections"},
    unix = {type = "flag", help = "also sockets of the machine (AF_UNIX)"},
  },
  examples = {
    "luatrace -s topconns curl -s http://example.com",
    "luatrace -s topconns -a interval=1s -p 1234",
  },
  caveats = "What calls on the socket moved. TLS counts as it is on the wire. sendfile and "
    .. "splice count, io_uring does not.",
}

local human = require "lib.human"
local conns = {}

local function note(ev, key, fd)
  local d = fd and ev.proc:fdinfo(fd) or not fd and ev.fdinfo
  if not d or d.kind ~= "tcp" and d.kind ~= "udp" and (d.kind ~= "unix" or not args.unix) then return end
  local id = d.inode and "socket " .. d.inode or d.path -- all connections to a unix socket have one name
  local c = conns[id] or {connection = d.path, comm = ev.comm, sent = 0, received = 0, calls = 0}
  conns[id] = c
  c[key], c.calls = c[key] + ev.ret, c.calls + 1
end

local when = {ret = gt(0)}
on("read,readv,recvfrom,recvmsg", {when = when}, function(ev) note(ev, "received") end)
on("write,writev,sendto,sendmsg,sendfile", {when = when}, function(ev) note(ev, "sent") end)
on("splice", {when = when}, function(ev)
  note(ev, "received", ev.fd_in)
  note(ev, "sent", ev.fd_out)
end)

local function report()
  local list = {}
  for _, c in pairs(conns) do list[#list + 1] = c end
  table.sort(list, function(a, b)
    local x, y = a.sent + a.received, b.sent + b.received
    if x ~= y then return x > y end
    return a.connection < b.connection
  end)
  if not output.json then printf("%8s %8s %6s %-15s %s\n", "SENT", "RECEIVED", "CALLS", "COMM", "CONNECTION") end
  if #list == 0 and not output.json then print "nothing came or went by a connection" end
  for i = 1, math.min(#list, args.top) do
    local c = list[i]
    if output.json then
      emit(c)
    else
      printf("%8s %8s %6d %-15s %s\n", human.bytes(c.sent), human.bytes(c.received), c.calls, c.comm, c.connection)
    end
  end
end

if args.interval > 0 then every(args.interval, function() output.frame(report) end) else on("end", report) end

test("one connection", function(t)
  local conn = "tcp 127.0.0.1:40000->127.0.0.1:80"
  t:event("sendto", {fd = 3, fdpath = conn, buf = "GET / HTTP/1.0\r\n\r\n"})
  t:event("recvfrom", {fd = 3, fdpath = conn, buf = ("x"):rep(3000), size = 4096})
  t:event("write", {fd = 1, fdpath = "/dev/tty", buf = "x"})
  t:finish()
  t:expect(t.stdout, "    SENT RECEIVED  CALLS COMM            CONNECTION\n      18     2.9K      2 test            " .. conn .. "\n")
end)
