-- What a program gives by pointers. One may lead nowhere, by mistake, on purpose, or because the
-- program was just killed: where an event has a struct, a list or a text otherwise, it then has a
-- number, a word or nothing. These take what is there for what it should be.
local M = {}

-- The struct, or nil.
function M.struct(value)
  if type(value) == "userdata" and not isword(value) then return value end
end

-- The list, or an empty one.
function M.list(value) return type(value) == "table" and value or {} end

-- The text, or nil.
function M.text(value) return type(value) == "string" and value or nil end

-- Calls fn(...), which writes to the program's memory, and says whether it could. Memory that is
-- gone is no error: the program does not see what should stand there either.
function M.write(fn, ...)
  local ok, err = pcall(fn, ...)
  if not ok and not tostring(err):find("cannot write to the program's memory", 1, true) then error(err, 0) end
  return ok
end

return M
