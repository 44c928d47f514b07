meta {
  name = "sqlsnoop",
  summary = "SQL statements to PostgreSQL and MySQL: text, latency, errors",
  categories = {"network", "performance"},
  args = {
    slow = {type = "duration", default = "0s", help = "only statements that took longer"},
    failed = {type = "flag", help = "only statements that failed"},
    time = {type = "flag", help = "a column with the time of each row; -tt gives it too"},
  },
  examples = {
    "luatrace -s sqlsnoop psql -h localhost -c 'select 1'",
    "luatrace -s sqlsnoop -a slow=100ms -p 1234",
  },
  caveats = "Unencrypted connections only (sslmode=disable, local sockets). Each execution is a row, "
    .. "with the text that was prepared; MS is until its end (MySQL: its first answer). What was prepared before "
    .. "luatrace attached has no text. Clients and servers are both seen; values may be secret.",
}

local follow, postgres, mysql = require "lib.follow", require "lib.postgres", require "lib.mysql"
local row = require "lib.columns"("PID:7 COMM:12 SIDE:6 DB:5 >MS:8.1 ERR:7 STATEMENT", {time = args.time})

local said = false
local function unknown()
  if not said then notice "statements without text were prepared before the trace began" end
  said = true
end

local function message(ev, incoming)
  local c = follow.connection(ev, ev.fd)
  if c.no_socket then return end
  local data = follow.data(ev)
  if not data then return end
  if not c.db then
    local kind = postgres.begins(data) and postgres or mysql.begins(data) and mysql
    if not kind then return end
    c.db, c.server = kind.connection(), incoming
  end
  local now = follow.moment(ev, incoming)
  c.db:feed(data, incoming == c.server, now, function(text, since, err)
    local took = now - since
    if took < args.slow or args.failed and not err then return end
    if not text then unknown() end
    text = text and text:gsub("%s+", " ")
    row(ev.pid, ev.comm, c.server and "server" or "client", c.db.name, took * 1e3, err, text)
  end)
end

on(follow.received, function(ev) message(ev, true) end)
on(follow.sent, function(ev) message(ev, false) end)
follow.watch()

test("PostgreSQL", function(t)
  local m, at = postgres.message, "tcp 10.0.0.1:5->10.0.0.2:5432"
  local function ask(text) t:event("sendto", {fd = 3, fdpath = at, buf = text}) end
  local function answer(text) t:event("recvfrom", {fd = 3, size = 9999, duration = 0.01, buf = text}) end
  local ready, done = m("Z", "I"), m("C", "SELECT 1\0")
  ask(m("Q", "select   1 + 1\0"))
  answer(m("T", ("x"):rep(30)) .. m("D", "1"):sub(1, 3)) -- it ends within a message
  answer(m("D", "1"):sub(4) .. done .. ready)
  t:shows "client pg        20.0 -       select 1 + 1\n"
  ask(m("Q", "select x\0"))
  answer(m("E", "SERROR\0C42703\0Mno column\0\0") .. ready)
  t:shows "42703   select x\n"
  -- Prepared, unnamed and named, in portals; two executions before the answer.
  ask(m("P", "\0select 1/0\0\0\0") .. m("B", "\0\0\0\0\0\0\0\0") .. m("E", "\0\0\0\0\0") .. m("S", ""))
  answer(m("1", "") .. m("2", "") .. m("E", "SERROR\0C22012\0\0") .. ready)
  t:shows "22012   select 1/0\n"
  ask(m("P", "s1\0select $1\0\0\0") .. m("S", ""))
  answer(m("1", "") .. ready)
  t:clear()
  local run = m("B", "p\0s1\0\0\0\0\0\0\0") .. m("D", "Pp\0") .. m("E", "p\0\0\0\0\0")
  ask(run .. run:sub(1, 9))
  ask(run:sub(10) .. m("S", ""))
  answer(m("2", "") .. m("T", "") .. m("D", "1") .. done .. m("2", "") .. m("n", "") .. done .. ready)
  t:expect(select(2, t.stdout:gsub("select $1\n", "")), 2)
  ask(m("B", "\0old\0\0\0\0\0\0\0") .. m("E", "\0\0\0\0\0") .. m("S", ""))
  answer(m("2", "") .. done .. ready)
  t:shows "-       -\n"
end)

test("MySQL, on the server", {args = {failed = true}}, function(t)
  t:event("read", {fd = 4, count = 999, buf = "\9\0\0\0\3select 1"})
  t:event("write", {fd = 4, buf = "\1\0\0\1\1"})
  t:event("read", {fd = 4, count = 999, buf = "\9\0\0\0\3select z"})
  t:event("write", {fd = 4, buf = "\9\0\0\1\255\30\4#42S22"})
  t:shows "server mysql      0.0 1054    select z\n"
  t:expect(t.stdout:find("select 1", 1, true), nil)
end)

test("MySQL, prepared", function(t)
  t:event("write", {fd = 4, buf = "\9\0\0\0\22select ?"})
  t:event("read", {fd = 4, count = 999, buf = "\12\0\0\1\0\7\0\0\0\1\0\1\0\0\0\0"})
  t:expect(t.stdout:find("select", 1, true), nil)
  for _ = 1, 2 do
    t:event("write", {fd = 4, buf = "\10\0\0\0\23\7\0\0\0\0\1\0\0\0"})
    t:event("read", {fd = 4, count = 999, duration = 0.003, buf = "\1\0\0\1\1"})
  end
  t:expect(select(2, t.stdout:gsub("client mysql      3.0 %-       select %?\n", "")), 2)
end)

test("what is neither", function(t)
  t:event("write", {fd = 4, buf = "Quite another protocol\n"})
  t:event("read", {fd = 4, count = 9, buf = "yes\n"})
  t:expect(select(2, t.stdout:gsub("\n", "")), 1) -- the header
end)
