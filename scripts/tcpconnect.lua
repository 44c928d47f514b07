meta {
  name = "tcpconnect",
  summary = "internet connections: where to, how long, how it ended",
  categories = {"network"},
  examples = {
    "luatrace -s tcpconnect curl -s http://example.com",
    "luatrace -s tcpconnect -p 1234",
  },
  caveats = "EINPROGRESS is a connect that goes on in the background; how that ends is not "
    .. "shown. PROTO is \"-\" for a socket that is not connected in the end.",
}

local address = require "lib.address"
local row = require "lib.columns" "PID:7 COMM:15 >MS:9.3 PROTO:5 ERR:12 ADDRESS"

on("connect", function(ev)
  local to = address.internet(ev.addr)
  if to then
    -- A socket shows its protocol only once it is connected or bound.
    local proto = ev.fdpath and ev.fdpath:match("^(%a+) ") or "-"
    row(ev.pid, ev.comm, ev.duration * 1e3, proto, ev.err, to)
  end
end)

test("internet and not", function(t)
  t:event("connect", {fd = 3, fdpath = "tcp 10.0.0.1:5->1.2.3.4:80", duration = 0.02,
    addr = {sa_family = "AF_INET", sin_port = 80, sin_addr = "1.2.3.4"}})
  t:event("connect", {fd = 4, err = "ECONNREFUSED", duration = 0, addr = {sa_family = "AF_INET6", sin6_port = 22, sin6_addr = "::1"}})
  t:event("connect", {fd = 3, addr = {sa_family = "AF_UNIX", sun_path = "/run/x"}})
  t:expect(t.stdout:match "\n(.*)", "1000    test               20.000 tcp   -            1.2.3.4:80\n"
    .. "1000    test                0.000 -     ECONNREFUSED [::1]:22\n")
end)
