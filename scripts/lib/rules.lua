-- Policies: one rule a line, the first that fits decides.
--   allow read /usr/**    deny write /etc/*    allow connect 127.0.0.1:*    default deny
-- A pattern is one of glob(): * stops at a slash, ** does not.
local M = {}

M.kinds = {read = true, write = true, exec = true, connect = true, bind = true}

-- The policy in a file: a function of a kind and a name that returns "allow" or
-- "deny". What nothing fits is denied, unless the policy says otherwise.
function M.read(path)
  local f, err = io.open(path)
  if not f then error("-a file: " .. err, 0) end
  local rules, fallback, n = {}, "deny", 0
  for line in f:lines() do
    n = n + 1
    line = line:gsub("^%s+", ""):gsub("%s+$", "")
    local verdict, kind, pattern = line:match "^(%a+)%s+(%a+)%s+(.+)$"
    local last = line:match "^default%s+(%a+)$"
    if last == "allow" or last == "deny" then
      fallback = last
    elseif (verdict == "allow" or verdict == "deny") and M.kinds[kind] then
      rules[#rules + 1] = {verdict = verdict, kind = kind, glob = glob(pattern)}
    elseif line ~= "" and line:sub(1, 1) ~= "#" then
      error(("%s:%d: \"allow|deny read|write|exec|connect|bind PATTERN\" or \"default allow|deny\" is wanted")
        :format(path, n), 0)
    end
  end
  f:close()
  return function(kind, name)
    for _, r in ipairs(rules) do
      if r.kind == kind and r.glob:test(name) then return r.verdict end
    end
    return fallback
  end
end

-- A name as a pattern that only it fits.
function M.literal(name) return (name:gsub("[%*%?%[\\{]", "\\%0")) end

return M
