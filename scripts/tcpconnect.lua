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

local row = require "lib.columns" "PID:7 COMM:15 >MS:9.3 PROTO:5 ERR:12 ADDRESS"

-- 127.0.0.1:80 or [::1]:80; nil for sockets that are not of the internet.
local function address(addr)
  local a = addr and addr:table() or {}
  if a.sin_port then return a.sin_addr .. ":" .. a.sin_port end
  if a.sin6_port then return "[" .. a.sin6_addr .. "]:" .. a.sin6_port end
end

on("connect", function(ev)
  local to = address(ev.addr)
  if to then
    -- A socket shows its protocol only once it is connected or bound.
    local proto = ev.fdpath and ev.fdpath:match("^(%a+) ") or "-"
    row(ev.pid, ev.comm, ev.duration * 1e3, proto, ev.err, to)
  end
end)
