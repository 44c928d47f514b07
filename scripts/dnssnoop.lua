meta {
  name = "dnssnoop",
  summary = "DNS questions and answers: names, addresses, how long it took",
  categories = {"network"},
  args = {
    failed = {type = "flag", help = "only questions that were not answered with success"},
    time = {type = "flag", help = "a column with the time of each row; -tt gives it too"},
  },
  examples = {
    "luatrace -s dnssnoop getent ahosts example.com",
    "luatrace -s dnssnoop -a failed -p 1234",
  },
  caveats = "DNS over UDP and unencrypted TCP that the program sends itself. A resolver "
    .. "daemon (systemd-resolved by D-Bus, nscd) asks in another process; /etc/hosts asks nobody.",
}

local dns, follow = require "lib.dns", require "lib.follow"
local row = require "lib.columns"("PID:7 COMM:15 TYPE:5 CODE:9 >MS:7.1 NAME:24 ANSWER", {time = args.time})

local function message(ev, data, fd)
  local m = data and dns.parse(data)
  if not m then return end
  local asked, now = follow.connection(ev, fd), follow.moment(ev, ev.name:find "^re")
  local key = m.id .. "/" .. m.name .. "/" .. m.type
  if not m.response then
    asked[key] = now
    return
  end
  local since = asked[key]
  asked[key] = nil
  if not since or args.failed and m.code == "NOERROR" and #m.answers > 0 then return end
  local answer = #m.answers > 0 and table.concat(m.answers, " ") or nil
  row(ev.pid, ev.comm, m.type, m.code, (now - since) * 1e3, m.name, answer)
end

-- Over TCP two bytes of length stand before each message.
local function tcp(data)
  local a, b = data:byte(1, 2)
  return b and #data == a * 256 + b + 2 and data:sub(3) or data
end

on(follow.sent .. "," .. follow.received, function(ev)
  local n = follow.moved(ev)
  if not n or n > 65537 or follow.connection(ev, ev.fd).no_socket then return end
  local data = follow.data(ev)
  if data then message(ev, tcp(data), ev.fd) end
end)

on("sendmmsg,recvmmsg", {when = {ok = true}}, function(ev)
  for i, m in ipairs(ev.msgvec or {}) do
    if i > ev.ret then break end
    message(ev, follow.joined(m.msg_hdr.msg_iov, m.msg_len), ev.fd)
  end
end)

follow.watch()

test("a question and its answer", function(t)
  local name = "\7example\3com\0\0\1\0\1"
  t:event("sendto", {fd = 3, buf = "\18\52\1\0\0\1\0\0\0\0\0\0" .. name})
  t:event("recvfrom", {fd = 3, size = 999, duration = 0.02,
    buf = "\18\52\129\128\0\1\0\1\0\0\0\0" .. name .. "\192\12\0\1\0\1\0\0\0\60\0\4\93\184\216\34"})
  t:expect(t.stdout:match "\n(.*)", "1000    test            A     NOERROR      20.0 example.com              93.184.216.34\n")
end)

test("a name that does not exist, and nonsense", {args = {failed = true}}, function(t)
  local name = "\1x\0\0\28\0\1"
  t:event("sendto", {fd = 3, buf = "\0\1\1\0\0\1\0\0\0\0\0\0" .. name})
  t:event("recvfrom", {fd = 3, size = 99, buf = "\0\1\129\131\0\1\0\0\0\0\0\0" .. name})
  t:event("recvfrom", {fd = 3, size = 99, buf = "\0\1\129\131\0\1\0\1\0\0\0\0\192\12\0\1\0\1\192\12"})
  t:shows "AAAA  NXDOMAIN"
  t:expect(select(2, t.stdout:gsub("\n", "")), 2)
end)
