meta {
  name = "httpsnoop",
  summary = "HTTP/1 requests: who, what, status, latency; clients and servers",
  categories = {"network"},
  args = {
    slow = {type = "duration", default = "0s", help = "only requests that took longer"},
    failed = {type = "flag", help = "only answers from 400 on"},
  },
  examples = {
    "luatrace -s httpsnoop curl -s -o /dev/null http://localhost:8000/",
    "luatrace -s httpsnoop -a failed -p 1234",
  },
  caveats = "Plain HTTP/1 only: TLS and HTTP/2 are not readable on the socket. The request's "
    .. "head must come in one piece. MS is from the request to the first byte of the answer.",
}

local http, follow = require "lib.http", require "lib.follow"
local row = require "lib.columns" "PID:7 COMM:12 SIDE:6 METHOD:7 STATUS:6 >MS:8.1 >SIZE:7b URL"

local function url(req) return "http://" .. (req.host or "?") .. req.target end

local function message(ev, incoming)
  local data = follow.data(ev)
  if not data then return end
  local fd = ev.fd
  local c = follow.connection(ev, fd)
  if c.pending and c.pending.incoming ~= incoming then
    local res = http.response(data)
    if res then
      local req = c.pending
      c.pending = nil
      local took = ev.ended - req.time
      if took < args.slow or args.failed and res.status < 400 then return end
      local side = req.incoming and "server" or "client"
      row(ev.pid, ev.comm, side, req.method, res.status, took * 1e3, res.length, url(req))
    end
    return
  end
  local req = http.request(data)
  if req then
    req.time, req.incoming = ev.ended, incoming
    c.pending = req
  end
end

on(follow.received, function(ev) message(ev, true) end)
on(follow.sent, function(ev) message(ev, false) end)
follow.watch()

test("a client", function(t)
  t:event("sendto", {fd = 3, buf = "GET /x?y=1 HTTP/1.1\r\nHost: example.com\r\n\r\n"})
  t:event("recvfrom", {fd = 3, size = 999, duration = 0.25, buf = "HTTP/1.1 404 Not Found\r\nContent-Length: 2048\r\n\r\nno"})
  t:event("recvfrom", {fd = 3, size = 999, buf = "HTTP/1.1 200 OK\r\n\r\n"})
  t:expect(t.stdout:match "\n(.*)", "1000    test         client GET     404       250.0    2.0K http://example.com/x?y=1\n")
end)

test("a server, only failures", {args = {failed = true}}, function(t)
  for _, status in ipairs {"200 OK", "500 Oops"} do
    t:event("recvfrom", {fd = 4, size = 999, buf = "POST /form HTTP/1.0\r\n\r\nbody"})
    t:event("writev", {fd = 4, iov = {"HTTP/1.0 " .. status .. "\r\n", "\r\nx"}, duration = 0.001})
  end
  t:shows "server POST    500         1.0       - http://?/form"
  t:expect(select(2, t.stdout:gsub("POST", "")), 1)
end)

test("what is no HTTP", function(t)
  t:event("read", {fd = 5, count = 99, buf = "GET out of here\n"})
  t:event("write", {fd = 5, buf = "HTTP/1.1 200 OK\r\n\r\n"})
  t:event("write", {fd = 6, buf = "\0\1\2\3"})
  t:expect(select(2, t.stdout:gsub("\n", "")), 1) -- the header
end)

test("accepted in one process, answered in another, by another descriptor", function(t)
  local socket = "tcp 127.0.0.1:80->127.0.0.1:4711"
  t:event("recvfrom", {pid = 10, fd = 4, fdpath = socket, size = 999, buf = "GET /x HTTP/1.0\r\n\r\n"})
  t:event("proc:fork", {pid = 10, child = 11})
  t:event("close", {pid = 10, fd = 4})
  t:event("dup2", {pid = 11, oldfd = 4, newfd = 1, ret = 1})
  t:event("write", {pid = 11, fd = 1, fdpath = socket, buf = "HTTP/1.0 200 OK\r\n\r\n"})
  t:shows "server GET     200"
end)
