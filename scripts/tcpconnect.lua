meta {
  name = "tcpconnect",
  summary = "internet connections: where to, how long, how it ended",
  categories = {"network"},
  args = {
    time = {type = "flag", help = "a column with the time of each row; -tt gives it too"},
  },
  examples = {
    "luatrace -s tcpconnect curl -s http://example.com",
    "luatrace -s tcpconnect -p 1234",
  },
  caveats = "A connect that goes on in the background (EINPROGRESS) is shown when the program "
    .. "learns how it ended, and MS is until then. ERR is \"timeout\" if the program waited in vain and closed the "
    .. "socket, \"closed\" if it closed it without, \"failed\" if it never asked for the error. What io_uring does is "
    .. "not seen.",
}

local address, connects = require "lib.address", require "lib.connects"
local row = require "lib.columns"("PID:7 COMM:15 >MS:9.3 PROTO:5 ERR:12 ADDRESS", {time = args.time})

connects.watch(function(ev)
  local to = address.internet(ev.addr)
  if not to then return end
  local d = ev.fdinfo
  return {pid = ev.pid, comm = ev.comm, to = to, proto = d and (d.kind == "tcp" or d.kind == "udp") and d.kind or nil}
end, function(c, seconds, err)
  row(c.pid, c.comm, seconds and seconds * 1e3, c.proto, err, c.to)
end)

test("in the background", function(t)
  local function begin(fd)
    t:event("connect", {fd = fd, fds = {[fd] = "tcp 10.0.0.1:5"}, err = "EINPROGRESS",
    addr = {sa_family = "AF_INET", sin_port = 80, sin_addr = "1.2.3.4"}})
  end
  begin(3)
  begin(4)
  begin(5)
  t:advance "20ms"
  t:event("poll", {args = {nfds = 1, fds = {{fd = 3, events = "POLLOUT", revents = "POLLOUT|POLLERR"}}}, ret = 1})
  t:advance "20ms"
  t:event("getsockopt", {fd = 3, level = "SOL_SOCKET", optname = "SO_ERROR", optval = "ECONNREFUSED"})
  t:event("poll", {args = {nfds = 1, fds = {{fd = 4, events = "POLLOUT", revents = 0}}}, ret = 0})
  t:event("close", {fd = 4})
  t:finish()
  t:expect(t.stdout:match "\n(.*)":gsub("(%d0%.0)%d+", "%100"), "1000    test               20.000 tcp   ECONNREFUSED 1.2.3.4:80\n"
    .. "1000    test               40.000 tcp   timeout      1.2.3.4:80\n"
    .. "1000    test                    - tcp   EINPROGRESS  1.2.3.4:80\n")
end)

test("an epoll that goes on", function(t)
  local function watch(op, fd, name)
    t:event("epoll_ctl", {epfd = 9, op = op, fd = fd, event = name and {events = "EPOLLOUT", data = name}})
  end
  for name = 1, 20 do
    watch("EPOLL_CTL_ADD", 3, name)
    watch("EPOLL_CTL_DEL", 3)
  end
  watch("EPOLL_CTL_ADD", 4, 21)
  watch("EPOLL_CTL_MOD", 4, 22)
  local n = 0
  for _ in pairs(processes()[1].data.epoll) do n = n + 1 end
  t:expect(n, 1)
end)

test("internet and not", function(t)
  t:event("connect", {fd = 3, fdpath = "tcp 10.0.0.1:5->1.2.3.4:80", duration = 0.02,
    addr = {sa_family = "AF_INET", sin_port = 80, sin_addr = "1.2.3.4"}})
  t:event("connect", {fd = 4, err = "ECONNREFUSED", duration = 0, addr = {sa_family = "AF_INET6", sin6_port = 22, sin6_addr = "::1"}})
  t:event("connect", {fd = 3, addr = {sa_family = "AF_UNIX", sun_path = "/run/x"}})
  t:expect(t.stdout:match "\n(.*)":gsub("(%d0%.0)%d+", "%100"), "1000    test               20.000 tcp   -            1.2.3.4:80\n"
    .. "1000    test                0.000 -     ECONNREFUSED [::1]:22\n")
end)
