meta {
  name = "sqlsnoop",
  summary = "SQL statements to PostgreSQL and MySQL: text, latency, errors",
  categories = {"network", "performance"},
  args = {
    slow = {type = "duration", default = "0s", help = "only statements that took longer"},
    failed = {type = "flag", help = "only statements that failed"},
  },
  examples = {
    "luatrace -s sqlsnoop psql -h localhost -c 'select 1'",
    "luatrace -s sqlsnoop -a slow=100ms -p 1234",
  },
  caveats = "Unencrypted connections only (sslmode=disable, local sockets). A statement must "
    .. "begin in a packet of its own. Clients and servers are both seen; values may be secret.",
}

local follow = require "lib.follow"
local row = require "lib.columns" "PID:7 COMM:12 SIDE:6 DB:5 >MS:8.1 ERR:7 STATEMENT"

local function u32be(s, i)
  local a, b, c, d = s:byte(i, i + 3)
  return d and ((a * 256 + b) * 256 + c) * 256 + d
end

-- PostgreSQL: a letter, the length with itself, the text. Q is a statement, P
-- prepares one (after its name).
local function postgres(s)
  local kind, length = s:sub(1, 1), u32be(s, 2)
  if not length or length < 5 or length > #s + 65536 then return end
  if kind == "Q" then return s:sub(6):match "^[^%z]+" end
  if kind == "P" then return s:sub(6):match "^[^%z]*%z([^%z]+)" end
end

-- MySQL: three bytes of length, sequence number 0, command 3 (query) or 22 (prepare).
local function mysql(s)
  local a, b, c, seq, command = s:byte(1, 5)
  if command ~= 3 and command ~= 22 or seq ~= 0 or a + b * 256 + c * 65536 ~= #s - 4 then return end
  local text = s:sub(6)
  return text:find "^[%z\1]*%s*%a" and text:gsub("^[%z\1]+", "") or nil
end

-- The first answer: an error with its code, or anything else.
local function failure(db, s)
  if db == "pg" then
    local i = 1
    while i + 4 <= #s do -- message by message
      local length = u32be(s, i + 1)
      if s:sub(i, i) == "E" then return s:sub(i + 5):match "%zC(%w%w%w%w%w)%z" or "error" end
      i = i + 1 + length
    end
    return
  end
  if s:byte(5) == 255 then return tostring(s:byte(6) + s:byte(7) * 256) end
end

local function message(ev, incoming)
  local data = follow.data(ev)
  if not data then return end
  local c = follow.connection(ev, ev.fd)
  if c.statement and c.incoming ~= incoming then
    local took, err = ev.ended - c.time, failure(c.db, data)
    if took >= args.slow and (err or not args.failed) then
      row(ev.pid, ev.comm, c.incoming and "server" or "client", c.db, took * 1e3, err, (c.statement:gsub("%s+", " ")))
    end
    c.statement = nil
    return
  end
  local text, db = postgres(data), "pg"
  if not text then text, db = mysql(data), "mysql" end
  if text then c.statement, c.db, c.time, c.incoming = text, db, ev.ended, incoming end
end

on(follow.received, function(ev) message(ev, true) end)
on(follow.sent, function(ev) message(ev, false) end)
follow.watch()

test("PostgreSQL", function(t)
  t:event("sendto", {fd = 3, buf = "Q\0\0\0\18select   1 + 1\0"})
  t:event("recvfrom", {fd = 3, size = 999, duration = 0.01, buf = "T\0\0\0\10"})
  t:event("sendto", {fd = 3, buf = "Q\0\0\0\13select x\0"})
  t:event("recvfrom", {fd = 3, size = 999, buf = "E\0\0\0\30SERROR\0C42703\0Mno column\0\0"})
  t:shows "client pg        10.0 -       select 1 + 1\n"
  t:shows "42703   select x\n"
  t:event("sendto", {fd = 3, buf = "P\0\0\0\16\0select 1/0\0B\0\0\0\4"})
  t:event("recvfrom", {fd = 3, size = 999, buf = "1\0\0\0\0042\0\0\0\4E\0\0\0\30SERROR\0C22012\0\0"})
  t:shows "22012   select 1/0\n"
end)

test("MySQL, on the server", {args = {failed = true}}, function(t)
  t:event("read", {fd = 4, count = 999, buf = "\9\0\0\0\3select 1"})
  t:event("write", {fd = 4, buf = "\1\0\0\1\1"})
  t:event("read", {fd = 4, count = 999, buf = "\9\0\0\0\3select z"})
  t:event("write", {fd = 4, buf = "\9\0\0\1\255\30\4#42S22"})
  t:shows "server mysql      0.0 1054    select z\n"
  t:expect(t.stdout:find("select 1", 1, true), nil)
end)

test("what is neither", function(t)
  t:event("write", {fd = 4, buf = "Quite another protocol\n"})
  t:event("read", {fd = 4, count = 9, buf = "yes\n"})
  t:expect(select(2, t.stdout:gsub("\n", "")), 1) -- the header
end)
