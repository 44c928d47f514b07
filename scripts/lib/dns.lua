-- DNS messages (RFC 1035): names and addresses of questions and answers.
local M = {}

local types = {[1] = "A", [2] = "NS", [5] = "CNAME", [6] = "SOA", [12] = "PTR", [15] = "MX", [16] = "TXT",
  [28] = "AAAA", [33] = "SRV", [64] = "SVCB", [65] = "HTTPS", [255] = "ANY"}
local codes = {[0] = "NOERROR", [1] = "FORMERR", [2] = "SERVFAIL", [3] = "NXDOMAIN", [4] = "NOTIMP", [5] = "REFUSED"}

local function u16(s, i)
  local a, b = s:byte(i, i + 1)
  return b and a * 256 + b
end

-- A name from byte i on, and where it ends. Pointers lead backwards only, so a
-- hostile message can't make this run in circles.
local function name(s, i)
  local labels, after, limit = {}, nil, i
  for _ = 1, 128 do
    local n = s:byte(i)
    if not n then return end
    if n == 0 then return #labels > 0 and table.concat(labels, ".") or ".", after or i + 1 end
    if n >= 192 then
      local low = s:byte(i + 1)
      if not low then return end
      after = after or i + 2
      i = (n - 192) * 256 + low + 1
      if i >= limit then return end
      limit = i
    elseif n < 64 then
      if i + n > #s then return end
      labels[#labels + 1], i = s:sub(i + 1, i + n), i + n + 1
    else
      return
    end
  end
end

local function address(s, i, kind, length)
  if kind == 1 and length == 4 then return table.concat({s:byte(i, i + 3)}, ".") end
  if kind == 28 and length == 16 then
    local groups = {}
    for g = 0, 7 do
      local v = u16(s, i + 2 * g)
      if not v then return end
      groups[g + 1] = ("%x"):format(v)
    end
    return (table.concat(groups, ":"))
  end
  if kind == 5 or kind == 12 or kind == 2 then return (name(s, i)) end
end

-- -> {id=, response=, code=, name=, type=, answers={...}}; nil if it is none.
function M.parse(s)
  if #s < 17 then return end
  local flags, questions, answers = u16(s, 3), u16(s, 5), u16(s, 7)
  if questions ~= 1 or answers > 64 then return end
  local qname, i = name(s, 13)
  if not qname or not u16(s, i + 2) then return end
  local kind = u16(s, i)
  local m = {id = u16(s, 1), response = flags >= 32768, code = codes[flags % 16] or flags % 16, name = qname,
    type = types[kind] or kind, answers = {}}
  if (flags - flags % 2048) / 2048 % 16 ~= 0 then return end -- an opcode other than QUERY
  i = i + 4
  for _ = 1, answers do
    local _, at = name(s, i)
    if not at or not u16(s, at + 8) then break end
    local length = u16(s, at + 8)
    m.answers[#m.answers + 1] = address(s, at + 10, u16(s, at), length)
    i = at + 10 + length
  end
  return m
end

return M
