-- The data that calls move, and a memory for each connection: what scripts for
-- protocols need.
local M = {}

-- The first n bytes of the buffers of an iovec, or all of them.
function M.joined(list, n)
  local parts = {}
  for _, v in ipairs(list or {}) do parts[#parts + 1] = v.iov_base or "" end
  return table.concat(parts):sub(1, n or -1)
end

local function buffer(ev) return ev.buf end
local function buffers(ev) return M.joined(ev.iov, ev.ret) end
local function message(ev) return M.joined(ev.msg.msg_iov, ev.ret) end

local readers = {read = buffer, pread64 = buffer, recvfrom = buffer, write = buffer, pwrite64 = buffer, sendto = buffer,
  readv = buffers, preadv = buffers, preadv2 = buffers, writev = buffers, pwritev = buffers, pwritev2 = buffers,
  recvmsg = message, sendmsg = message}

-- The bytes that a call moved, nil if it moved none.
function M.data(ev)
  if not ev.ok or ev.ret <= 0 then return end
  local data = readers[ev.name](ev)
  return data and data:sub(1, ev.ret)
end

M.received = "read,recvfrom,readv,recvmsg"
M.sent = "write,sendto,writev,sendmsg"

-- A table for each connection of a process, by descriptor, until it is closed.
function M.connection(ev, fd)
  local d = ev.proc.data
  d.connections = d.connections or {}
  local c = d.connections[fd]
  if not c then
    c = {}
    d.connections[fd] = c
  end
  return c
end

function M.closed(ev)
  local connections = ev.proc.data.connections
  if connections then connections[ev.fd] = nil end
end

return M
