meta {
  name = "tcpaccept",
  summary = "connections that servers take, and where they listen",
  categories = {"network"},
  args = {
    unix = {type = "flag", help = "also sockets of the machine (AF_UNIX)"},
    time = {type = "flag", help = "a column with the time of each row; -tt gives it too"},
  },
  examples = {
    "luatrace -s tcpaccept python3 -m http.server",
    "luatrace -s tcpaccept -a unix -p 1234",
  },
  caveats = "A server that passes no address to accept is shown with what /proc knows of "
    .. "the new socket. WAIT is the time in accept.",
}

local address = require "lib.address"
local row = require "lib.columns"("PID:7 COMM:15 EVENT:7 FD:4 >WAIT:7t ERR:12 ADDRESS", {time = args.time})

local function place(ev, text)
  if not text then
    local path = ev.ok and ev.proc:fd(ev.ret)
    text = path and (path:match "%->(.*)$" or path)
  end
  if text and text:find "^unix" and not args.unix then return end
  return text
end

on("listen", function(ev)
  local at = ev.fdpath or "?"
  if args.unix or not at:find "^unix" then
    row(ev.pid, ev.comm, "listen", ev.fd, nil, ev.err, (at:gsub(" %(listening%)$", "")))
  end
end)

on("accept,accept4", function(ev)
  if ev.err == "EAGAIN" or ev.err and ev.err:find "^ERESTART" then return end
  local from = place(ev, ev.ok and address.text(ev.addr))
  if from or not ev.ok then row(ev.pid, ev.comm, "accept", ev.ok and ev.ret or nil, ev.duration, ev.err, from) end
end)

test("listen and accept", function(t)
  t:event("listen", {fd = 3, fdpath = "tcp 0.0.0.0:80 (listening)"})
  t:event("accept4", {fd = 3, ret = 4, duration = 0.5, addr = {sa_family = "AF_INET", sin_port = 4711, sin_addr = "10.0.0.9"}})
  t:event("accept4", {fd = 3, err = "EAGAIN"})
  t:event("accept4", {fd = 3, err = "EMFILE"})
  t:shows "1000    test            listen  3          - -            tcp 0.0.0.0:80\n"
  t:shows "1000    test            accept  4      500ms -            10.0.0.9:4711\n"
  t:shows "EMFILE"
  t:expect(t.stdout:find "EAGAIN", nil)
end)
