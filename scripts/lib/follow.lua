-- The two directions of a socket as one stream each: what scripts for protocols
-- need. follow(spec functions): see httpsnoop.
local M = {}

local function joined(list, n)
  local parts = {}
  for _, v in ipairs(list or {}) do parts[#parts + 1] = v.iov_base or "" end
  return table.concat(parts):sub(1, n)
end

local readers = {
  read = function(ev) return ev.buf end, recvfrom = function(ev) return ev.buf end,
  write = function(ev) return ev.buf end, sendto = function(ev) return ev.buf end,
  readv = function(ev) return joined(ev.iov, ev.ret) end, writev = function(ev) return joined(ev.iov, ev.ret) end,
  recvmsg = function(ev) return joined(ev.msg.msg_iov, ev.ret) end, sendmsg = function(ev) return joined(ev.msg.msg_iov, ev.ret) end,
}

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
