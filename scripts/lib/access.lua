-- What calls do with the files that they name.
local M = {}

local struct = require "lib.given".struct

-- Whether an open is one for writing; with making, also one that may make or
-- empty the file. Where nobody can read how it is opened, the kernel can't either, or somebody
-- plays tricks: that counts as writing.
function M.writes(ev, making)
  if ev.name == "creat" then return true end
  local flags
  if ev.name == "openat2" then
    local how = struct(ev.how)
    flags = how and how.flags
  else
    flags = ev.flags
  end
  if not flags then return true end
  local n = flags.value
  return bit.band(n, O_ACCMODE) ~= 0 or making and bit.band(n, bit.bor(O_CREAT, O_TRUNC)) ~= 0 or false
end

-- Whether a name of ev.unplaced, or what it is relative to, can't be read. The kernel mostly says EFAULT
-- then, but it can read some memory that no tracer can.
function M.unread(ev, name)
  if not ev.args[name] then return true end
  local how = ev.name == "openat2" and struct(ev.how)
  return ev.name == "openat2" and not (how and how.resolve)
end

local reading = re "stat|access|^readlink|^l?(get|list)xattr|^chdir$|^getcwd$|^name_to_handle_at$|^inotify_add_watch$"

-- "read", "write" (names and attributes too) or "exec".
function M.kind(ev)
  local name = ev.name
  if name:find "^exec" then return "exec" end
  local writes = not reading:test(name)
  if name:find "^open" and name ~= "open_tree" then writes = M.writes(ev, true) end
  return writes and "write" or "read"
end

return M
