meta {
  name = "httpsnoop",
  summary = "HTTP/1 requests: who, what, status, latency; clients and servers",
  categories = {"network"},
  args = {
    slow = {type = "duration", default = "0s", help = "only requests that took longer"},
    failed = {type = "flag", help = "only answers from 400 on"},
    time = {type = "flag", help = "a column with the time of each row; -tt gives it too"},
  },
  examples = {
    "luatrace -s httpsnoop curl -s -o /dev/null http://localhost:8000/",
    "luatrace -s httpsnoop -a failed -p 1234",
  },
  caveats = "Plain HTTP/1 only: TLS and HTTP/2 are not readable on the socket. MS is from the "
    .. "request to the first byte of the answer. SIZE is that of the answer's body as the head says: \"-\" where it "
    .. "does not (chunked, or up to the end of the connection). Answers to requests from before luatrace attached are "
    .. "left out.",
}

local http, follow = require "lib.http", require "lib.follow"
local row = require "lib.columns"("PID:7 COMM:12 SIDE:6 METHOD:7 STATUS:6 >MS:8.1 >SIZE:7b URL", {time = args.time})

local function url(req) return "http://" .. (req.host or "?") .. req.target end

local function moved(ev, fd, incoming, get)
  local n = follow.moved(ev)
  local c = n and follow.connection(ev, fd)
  if not c or c.no_socket then return end
  c.http = c.http or http.connection()
  local now = follow.moment(ev, incoming)
  c.http:feed(n, get, incoming, now, function(req, res)
    local took = now - req.time
    if took < args.slow or args.failed and res.status < 400 then return end
    local side = c.http.asks and "server" or "client"
    row(ev.pid, ev.comm, side, req.method, res.status, took * 1e3, res.size, url(req))
  end)
end

on(follow.received, function(ev) moved(ev, ev.fd, true, function() return follow.data(ev) end) end)
on(follow.sent, function(ev) moved(ev, ev.fd, false, function() return follow.data(ev) end) end)
local function unread() end -- a body that no buffer of the program has
on("sendfile", function(ev) moved(ev, ev.out_fd, false, unread) end)
on("splice", function(ev)
  moved(ev, ev.fd_in, true, unread)
  moved(ev, ev.fd_out, false, unread)
end)
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
    t:advance "1ms"
    t:event("writev", {fd = 4, iov = {"HTTP/1.0 " .. status .. "\r\n", "\r\nx"}, duration = 5})
  end
  t:shows "server POST    500         1.0       - http://?/form"
  t:expect(select(2, t.stdout:gsub("POST", "")), 1)
end)

test("two requests at once, no body for HEAD, a body in chunks", function(t)
  local function ask(text) t:event("recvfrom", {fd = 4, size = 9999, buf = text}) end
  local function say(text) t:event("sendto", {fd = 4, buf = text}) end
  ask "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n"
  t:advance "1s"
  ask "\r\nPOST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 30\r\n\r\nGET /x HTTP/1.1\r\n"
  ask "more of the.."
  say "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nHTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nHT"
  say "TP/\r\n1"
  say "1\r\nHTTP/1.1 500 Oops\r\n0\r\nA: b\r\n\r\nHTTP/1.1 204 OK\r\n\r\n"
  local rows = t.stdout:match "\n(.*)":gsub(" +", " ")
  t:expect(rows, "1000 test server HEAD 200 1000.0 0 http://h/a\n1000 test server GET 404 0.0 - http://h/b\n"
    .. "1000 test server POST 204 0.0 0 http://h/c\n")
end)

test("a body by sendfile", function(t)
  for i = 1, 2 do
    t:event("recvfrom", {fd = 4, fds = {[4] = "tcp 1.1.1.1:1->1.1.1.2:2"}, size = 999, buf = "GET /" .. i .. " HTTP/1.1\r\n\r\n"})
    t:event("writev", {fd = 4, iov = {"HTTP/1.1 200 OK\r\nContent-Length: 6000\r\n\r\n"}})
    t:event("sendfile", {out_fd = 4, in_fd = 5, count = 6000, ret = 2000})
    t:event("sendfile", {out_fd = 4, in_fd = 5, count = 4000, ret = 4000})
  end
  t:shows "5.9K http://?/1\n"
  t:shows "5.9K http://?/2\n"
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
