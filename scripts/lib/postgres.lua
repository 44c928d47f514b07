-- The protocol between PostgreSQL and its clients, as it stands on the wire: which
-- statements are run, and how each ends.
local M = {}

local function u32be(s, i)
  local a, b, c, d = s:byte(i, i + 3)
  return d and ((a * 256 + b) * 256 + c) * 256 + d
end

-- A message as it stands on the wire: for tests.
function M.message(kind, payload)
  local n = #payload + 4
  return kind .. string.char(0, math.floor(n / 65536), math.floor(n / 256) % 256, n % 256) .. payload
end

-- Messages: a letter, the length with itself, the rest. How much of them is
-- looked at stands behind those that say something here.
local function kinds(letters, wanted)
  local set = {}
  for letter in letters:gmatch "." do set[letter] = wanted[letter] or 0 end
  return set
end
local asked = kinds("BCDEFHPQSXcdfp", {Q = 65536, P = 65536, B = 512, C = 512, D = 512, E = 512})
local answered = kinds("123ACDEGHIKNRSTVWZcdnstv", {E = 4096})
local longest = 0x20000000 -- letters of other protocols make longer ones

-- Cuts a stream of messages. A read may end anywhere in one.
local function feed(s, data, each)
  if s.skip > 0 then
    local skipped = math.min(s.skip, #data)
    s.skip = s.skip - skipped
    data = data:sub(skipped + 1)
  end
  local text, i = s.part .. data, 1
  s.part = ""
  while i <= #text do
    local kind, length = text:sub(i, i), u32be(text, i + 1)
    local wanted = s.kinds[kind]
    if not wanted or length and (length < 4 or length > longest) then return false end -- out of step: try with the next
    local have = #text - i - 4
    if not length or have < math.min(length - 4, wanted) then
      s.part = text:sub(i)
      return true
    end
    each(kind, text:sub(i + 5, i + math.min(length, wanted + 4)))
    i = i + length + 1
    if i > #text + 1 then s.skip = i - #text - 1 end
  end
  return true
end

local function text(payload, i) -- a string up to its zero byte, and where the next begins
  local e = payload:find("\0", i, true)
  if e then return payload:sub(i, e - 1), e + 1 end
  return payload:sub(i), #payload + 1
end

-- Whether data begins a request: what a connection is, is known from its first.
function M.begins(data)
  if u32be(data, 5) == 196608 and data:find("user\0", 9, true) then return true end -- a client says who it is
  local first
  local ok = feed({skip = 0, part = "", kinds = asked}, data, function(kind, payload)
    if first ~= nil then return end
    local _, at = text(payload, 1)
    if kind == "Q" then first = at == #payload + 1 and payload:sub(-1) == "\0" or #payload == 65536 end
    if kind == "P" then first = #payload == 65536 or select(2, text(payload, at)) + 1 <= #payload end
    if kind == "B" then first = select(2, text(payload, at)) + 1 <= #payload end
    if kind == "E" then first = at + 3 == #payload end
  end)
  return ok and first or false
end

local C = {}
C.__index = C

-- A connection. Its method feed(data, from_client, time, done) takes what went over
-- it, and calls done(text, since, err) for each statement that has ended: its text,
-- nil if it was prepared before; when it was sent; and how it failed.
function M.connection()
  return setmetatable({
    name = "pg", queue = {}, statements = {}, portals = {},
    front = {skip = 0, part = "", kinds = asked}, back = {skip = 0, part = "", kinds = answered},
  }, C)
end

-- What a client asks for, in the order in which the server answers. An execution
-- ends with its answer (C, I, s), an error makes the server leave out all up to the
-- next Sync, and Z ends that or a simple query.
local ask = {}

function ask.Q(_, payload) return {text = (text(payload, 1))} end

function ask.P(c, payload)
  local name, at = text(payload, 1)
  c.statements[name] = (text(payload, at))
  return {text = c.statements[name]}
end

function ask.B(c, payload)
  local portal, at = text(payload, 1)
  c.portals[portal] = c.statements[(text(payload, at))]
  return {text = c.portals[portal]}
end

function ask.D(c, payload)
  local set = payload:sub(1, 1) == "S" and c.statements or c.portals
  return {text = set[(text(payload, 2))]}
end

function ask.E(c, payload) return {text = c.portals[(text(payload, 1))]} end

function ask.C(c, payload)
  local set = payload:sub(1, 1) == "S" and c.statements or c.portals
  set[(text(payload, 2))] = nil
  return {}
end

function ask.S() return {} end
function ask.F() return {} end

local ends = {["1"] = "P", ["2"] = "B", ["3"] = "C", T = "D", n = "D", C = "E", I = "E", s = "E"}
local last = {S = true, Q = true, F = true}

-- Takes what was asked for from the queue, up to the first of a kind. Nothing behind
-- a Sync or a simple query is answered before that.
local function take(queue, kind)
  for i = 1, #queue do
    if queue[i].kind == kind or last[queue[i].kind] then
      if queue[i].kind ~= kind then return end
      local found = queue[i]
      for _ = 1, i do table.remove(queue, 1) end
      return found
    end
  end
end

function C:answer(kind, payload, done)
  local queue = self.queue
  if kind == "E" then
    local op = queue[1]
    if not op or op.kind == "S" or op.failed then return end
    done(op.text, op.time, payload:match "%zC(%w%w%w%w%w)%z" or payload:match "^C(%w%w%w%w%w)%z" or "error")
    op.failed = true
    while not last[queue[1].kind] do
      if #queue == 1 then queue[1] = nil return end
      table.remove(queue, 1)
    end
  elseif kind == "Z" then
    while queue[1] and not last[queue[1].kind] do table.remove(queue, 1) end
    local op = table.remove(queue, 1)
    if op and op.kind == "Q" and not op.failed then done(op.text, op.time) end
  elseif ends[kind] then
    local op = take(queue, ends[kind])
    if op and op.kind == "E" then done(op.text, op.time) end
  end
end

function C:feed(data, from_client, time, done)
  if not from_client then
    feed(self.back, data, function(kind, payload) self:answer(kind, payload, done) end)
    return
  end
  local queue = self.queue
  feed(self.front, data, function(kind, payload)
    local op = ask[kind] and ask[kind](self, payload)
    if not op or #queue > 10000 then return end -- so many answers nobody has seen
    op.kind, op.time = kind, time
    queue[#queue + 1] = op
  end)
end

return M
