-- Names that a program makes up anew in each run: those of temporary files, and
-- those with the number of a process in them.
local M = {}

local literal, sets, struct = require "lib.rules".literal, require "lib.sets", require "lib.given".struct
local usual = {"/tmp", "/var/tmp", "/dev/shm"}
if os.getenv then -- not in the sandbox
  for _, name in ipairs {"TMPDIR", "TEMP", "TMP", "XDG_RUNTIME_DIR"} do usual[#usual + 1] = os.getenv(name) end
end
for i, dir in ipairs(usual) do usual[i] = dir:find "^/" and under(dir) or under "/tmp" end

local function shared(dir)
  for _, d in ipairs(usual) do
    if d:test(dir) then return true end
  end
  return false
end

-- Whether text looks drawn by lot: capitals, small letters and digits follow
-- each other without order.
local function mixed(text)
  local kinds = text:gsub("%u", "A"):gsub("%l", "a"):gsub("%d", "0")
  local changes = 0
  for i = 2, #kinds do
    if kinds:byte(i) ~= kinds:byte(i - 1) then changes = changes + 1 end
  end
  return changes >= 2
end

local function blanks(before, n, after) return literal(before) .. ("?"):rep(n) .. literal(after) end

-- The pattern that fits a name and those that other runs have in its place; nil
-- for a name that does not look made up. how.private says that it surely is
-- one: mkstemp(3) and its like make files for nobody else, in /tmp. They draw the
-- last six characters before the suffix, python draws eight (how.python), others
-- all between two separators, or a number.
function M.pattern(name, how)
  if how.private and how.python then
    local first, rest = name:match "^([^.]*)(.*)$"
    if first:find("^.-" .. ("[a-z0-9_]"):rep(8) .. "$") then return blanks(first:sub(1, -9), 8, rest) end
  end
  local at, run
  for from, text in name:gmatch "()(%w+)" do -- the last that is long enough
    if #text >= 6 then at, run = from, text end
  end
  if not run then return end
  local before, after = name:sub(1, at - 1), name:sub(at + #run)
  local number = run:match "%d*$"
  if #number >= 6 then return literal(before .. run:sub(1, -#number - 1)) .. "*" .. literal(after) end
  if before ~= "" and mixed(run) then return blanks(before, #run, after) end
  if how.private or mixed(run:sub(-6)) then return blanks(before .. run:sub(1, -7), 6, after) end
end

local makers = re "^(mkdir|mkdirat|mknod|mknodat|symlink|symlinkat|link|linkat)$"

-- What a call says of the file that it makes: nil if it makes none, "new" if it
-- fails when there is one.
local function making(ev)
  if makers:test(ev.name) then return "new", ev.name:find "^mkdir" and ev.mode end
  local how
  if ev.name == "openat2" then
    how = struct(ev.how)
  elseif ev.name:find "^open" and ev.name ~= "open_tree" then
    how = ev.args
  end
  if not how or not how.flags or not how.flags:has "O_CREAT" then return end
  return how.flags:has "O_EXCL" and "new" or "made", how.mode
end

-- What a run did, as rules for others: add(ev, kind, what) sees a call that does
-- something with a name or an address, lines() are the rules that allow it.
function M.record()
  local seen, made, numbers = {}, {}, {} -- seen: kinds by name; made: patterns of names by path
  local r = {}

  local function note(ev, path)
    numbers[tostring(ev.pid)], numbers[tostring(ev.tid)] = true, true
    local how, mode = making(ev)
    if not how or made[path] then return end
    local dir, name = path:match "^(.*)/([^/]+)$"
    if not name then return end
    made[path] = how == "new" and M.pattern(name, {
      private = mode and mode ~= 0 and bit.band(mode, 0x3f) == 0 and shared(dir),
      python = (ev.exe or ""):find "python",
    }) or literal(name)
  end

  local function pattern(path)
    local done, parts = "", {}
    for name in path:gmatch "[^/]+" do
      local process = done == "/proc"
      done = done .. "/" .. name
      local text = made[done] or literal(name)
      if made[done] or process then
        text = text:gsub("%d+", function(n) return numbers[n] and "*" end)
      end
      parts[#parts + 1] = text
    end
    return "/" .. table.concat(parts, "/")
  end

  function r.add(ev, kind, what)
    if what:find "^/" then note(ev, what) end
    seen[what] = seen[what] or {}
    seen[what][kind] = true
  end

  function r.lines()
    local set = {}
    for what, kinds in pairs(seen) do
      local text = what:find "^/" and pattern(what) or literal(what)
      for kind in pairs(kinds) do set[kind .. " " .. text] = true end
    end
    return sets.sorted(set)
  end

  return r
end

return M
