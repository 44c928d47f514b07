-- Names of files, and what is known of files by their names.
local M = {}

-- "/a/./b/../c" -> "/a/c", as text: links are not followed.
function M.clean(path)
  local parts = {}
  for part in path:gmatch "[^/]+" do
    if part == ".." then
      parts[#parts] = nil
    elseif part ~= "." then
      parts[#parts + 1] = part
    end
  end
  return "/" .. table.concat(parts, "/")
end

-- Keeps a table by absolute names right when files get other names or are
-- removed. What stands for a directory's files moves with it.
function M.follow(known)
  local clean = M.clean
  on("rename,renameat,renameat2", {when = {ok = true}}, function(ev)
    local from, to, moved = ev.paths.oldpath, ev.paths.newpath, {}
    if not from or not to then return end
    from, to = clean(from), clean(to)
    for path, v in pairs(known) do
      if path == from or path:sub(1, #from + 1) == from .. "/" then moved[path] = v end
    end
    known[to] = nil
    for path in pairs(moved) do known[path] = nil end
    for path, v in pairs(moved) do known[to .. path:sub(#from + 1)] = v end
  end)
  on("link,linkat", {when = {ok = true}}, function(ev)
    local from, to = ev.paths.oldpath, ev.paths.newpath
    if from and to then known[clean(to)] = known[clean(from)] end
  end)
  on("unlink,unlinkat,rmdir", {when = {ok = true}}, function(ev)
    if ev.abspath then known[clean(ev.abspath)] = nil end
  end)
  return known
end

return M
