-- The protocol between MySQL and its clients: which statements are run, and how
-- each ends.
local M = {}

local query, prepare, execute, close = 3, 22, 23, 25 -- commands

local function number(s, i) -- four bytes, the lowest first
  local a, b, c, d = s:byte(i, i + 3)
  return d and a + 256 * (b + 256 * (c + 256 * d))
end

-- The command in a packet: three bytes of length, sequence number 0, the command.
local function command(s)
  local a, b, c, seq, kind = s:byte(1, 5)
  if kind and seq == 0 and a + b * 256 + c * 65536 == #s - 4 then return kind end
end

local function text(s)
  local t = s:sub(6):gsub("^[%z\1]+", "")
  return t:find "^%s*[%a(/#-]" and t or nil
end

-- Whether data is a request: what a connection is, is known from its first.
function M.begins(data)
  local kind = command(data)
  return (kind == query or kind == prepare) and text(data) ~= nil or kind == execute and #data >= 14
end

local C = {}
C.__index = C

-- A connection, as lib.postgres has them.
function M.connection()
  return setmetatable({name = "mysql", statements = {}, head = ""}, C)
end

function C:request(data, time)
  if #data == 4 and data:byte(4) == 0 then -- a server may read the length by itself
    self.head = data
    return
  end
  local packet = self.head .. data
  self.head = ""
  local kind = command(packet)
  if kind == query or kind == prepare then
    self.op = {text = text(packet), time = time, prepares = kind == prepare}
  elseif kind == execute then
    self.op = {text = self.statements[number(packet, 6)], time = time}
  elseif kind == close then
    self.statements[number(packet, 6) or -1] = nil
  end
end

function C:feed(data, from_client, time, done)
  if from_client then return self:request(data, time) end
  local op = self.op
  if not op then return end
  self.op = nil
  local code = data:byte(5)
  if code == 255 and #data >= 7 then
    done(op.text, op.time, tostring(data:byte(6) + data:byte(7) * 256))
  elseif not op.prepares then
    done(op.text, op.time)
  elseif code == 0 and #data >= 9 then
    self.statements[number(data, 6)] = op.text
  end
end

return M
