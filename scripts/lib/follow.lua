-- The data that calls move, and a memory for each connection: what scripts for
-- protocols need.
local M = {}

local given = require "lib.given"

-- The first n bytes of the buffers of an iovec, or all of them.
function M.joined(list, n)
  local parts = {}
  for _, v in ipairs(given.list(list)) do
    local part = given.struct(v)
    parts[#parts + 1] = part and given.text(part.iov_base) or ""
  end
  return table.concat(parts):sub(1, n or -1)
end

local function buffer(ev) return given.text(ev.buf) end
local function buffers(ev) return M.joined(ev.iov, ev.ret) end
local function message(ev)
  local msg = given.struct(ev.msg)
  return M.joined(msg and msg.msg_iov, ev.ret)
end

local readers = {read = buffer, pread64 = buffer, recvfrom = buffer, write = buffer, pwrite64 = buffer, sendto = buffer,
  readv = buffers, preadv = buffers, preadv2 = buffers, writev = buffers, pwritev = buffers, pwritev2 = buffers,
  recvmsg = message, sendmsg = message}

-- Whether a call only looks at what the next one takes (MSG_PEEK), or moved no data
-- of the stream.
local function aside(ev)
  return ev.name:find "^recv" and ev.flags:any "MSG_PEEK|MSG_ERRQUEUE|MSG_OOB"
end

-- The bytes that a call moved, nil if it moved none.
function M.data(ev)
  if not ev.ok or ev.ret <= 0 or aside(ev) then return end
  local data = readers[ev.name](ev)
  return data and data:sub(1, ev.ret)
end

-- How many bytes a call moved, nil if none: it reads none of them.
function M.moved(ev)
  if ev.ok and ev.ret > 0 and not aside(ev) then return ev.ret end
end

-- When the data was there: what is received has come when the call returns, what
-- is sent is on its way from the entry on.
function M.moment(ev, incoming) return incoming and ev.ended or ev.time end

M.received = "read,recvfrom,readv,recvmsg"
M.sent = "write,sendto,writev,sendmsg"

-- A connection has one table, however many descriptors and processes share it:
-- a server may accept in one process and answer in another, or on descriptor 1
-- what it has read from 0. open has those of sockets by what names them in all
-- processes.
local open = {}

local closed -- what the script does when nobody has a connection any more

local function release(ev, c)
  c.users = c.users - 1
  if c.users > 0 then return end
  if c.key then open[c.key] = nil end
  if closed then closed(ev, c) end
end

local function forget(ev, fd)
  local mine = ev.proc.data.connections
  local c = mine and mine[fd]
  if not c then return end
  mine[fd] = nil
  release(ev, c)
end

-- What names a socket in all processes that have it, nil for what is none, and
-- whether it surely is none.
local function identity(ev, fd)
  local d = ev.proc:fdinfo(fd)
  if not d then return end
  if d.kind == "file" or d.kind == "pipe" or d.kind == "anon" then return nil, true end
  if d.inode then return "socket " .. d.inode end
  return d.path:find("->", 1, true) and d.path or nil
end

-- The table of the connection on a descriptor. no_socket in it is true for what
-- surely is no socket.
function M.connection(ev, fd)
  local d = ev.proc.data
  d.connections = d.connections or {}
  local c = d.connections[fd]
  if not c then
    local key, other = identity(ev, fd)
    c = key and open[key] or {key = key, users = 0, no_socket = other}
    if key then open[key] = c end
    c.users, d.connections[fd] = c.users + 1, c
  end
  return c
end

-- Sees to it that a table ends with its connection: for scripts that use the
-- function before. fn(ev, table) is called then.
function M.watch(fn)
  closed = fn
  on("close", function(ev) forget(ev, ev.fd) end)
  on("close_range", {when = {ok = true}}, function(ev)
    if ev.flags:has "CLOSE_RANGE_CLOEXEC" then return end
    local gone = {}
    for fd in pairs(ev.proc.data.connections or {}) do
      if fd >= ev.first and fd <= ev.last then gone[#gone + 1] = fd end
    end
    for _, fd in ipairs(gone) do forget(ev, fd) end
  end)
  on("proc:exec", function(ev) -- what was to be closed then
    local gone = {}
    for fd, c in pairs(ev.proc.data.connections or {}) do
      if identity(ev, fd) ~= c.key then gone[#gone + 1] = fd end
    end
    for _, fd in ipairs(gone) do forget(ev, fd) end
  end)
  on("socket,accept,accept4", {when = {ok = true}}, function(ev) forget(ev, ev.ret) end)
  local function copied(ev)
    local from, to = ev.args[1], ev.ret
    if from == to then return end
    forget(ev, to)
    local mine = ev.proc.data.connections or {}
    if mine[from] then mine[to], mine[from].users = mine[from], mine[from].users + 1 end
  end
  on("dup,dup2,dup3", {when = {ok = true}}, copied)
  on("fcntl", {when = {ok = true, op = {"F_DUPFD", "F_DUPFD_CLOEXEC"}}}, copied)
  on("proc:fork", function(ev) -- a child has what its parent has
    if ev.thread then return end
    local theirs = {}
    for fd, c in pairs(ev.proc.data.connections or {}) do theirs[fd], c.users = c, c.users + 1 end
    ev.child.proc.data.connections = theirs
  end)
  on("proc:exit", function(ev)
    if ev.thread then return end
    for _, c in pairs(ev.proc.data.connections or {}) do release(ev, c) end
    ev.proc.data.connections = nil
  end)
end

return M
