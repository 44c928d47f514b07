-- Other names of files, as far as they can be known by looking at a name.
local M = {}

local clean, unread = require("lib.paths").clean, require("lib.access").unread
local standard = {["/dev/stdin"] = 0, ["/dev/stdout"] = 1, ["/dev/stderr"] = 2}

-- A name that leads through the links which /proc has to root directories, working directories
-- and descriptors, without them: "/proc/self/root/etc/x" -> "/etc/x". nil if nobody knows
-- where it leads, as through another process's working directory. With open a descriptor's own
-- name stays: what it stands for is open already.
function M.direct(ev, path, open)
  path = clean(path)
  for _ = 1, 20 do
    local fd = standard[path] or path:match "^/dev/fd/(%d+)"
    if fd then path = path:gsub("^/dev/[^/]+/?%d*", "/proc/self/fd/" .. fd, 1) end
    local who, rest = path:match "^/proc/([^/]+)/(.+)$"
    if not who or not (who:find "^%d+$" or who:find "self$") then return path end
    rest = rest:gsub("^task/[^/]+/", "")
    local what, below = rest:match "^(%w+)(.*)$"
    local own = who:find "self$" or tonumber(who) == ev.pid or tonumber(who) == ev.tid
    local to
    if what == "root" then
      to = "/"
    elseif what == "cwd" then
      to = own and ev.proc.cwd
      if not to then return end
    elseif what == "fd" and below ~= "" then
      fd, below = below:match "^/(%d+)(.*)$"
      if not fd or open and below == "" then return path end
      if not own then return end
      to = ev.proc:fd(tonumber(fd))
      if not to or to:sub(1, 1) ~= "/" then return path end -- a pipe, a socket
    else
      return path
    end
    path = clean(to .. "/" .. below)
  end
end

-- A name and, if that is another, the one without those links: false if nobody knows it.
function M.all(ev, path)
  local direct = M.direct(ev, path, true) or false
  return direct == clean(path) and {direct} or {clean(path), direct}
end

-- Calls that give a directory, and with it all below, another name.
local moving = re "^(rename|renameat|renameat2|mount|move_mount|open_tree|open_tree_attr|pivot_root|chroot)$"

-- Where a symbolic link that is about to be made leads, nil for other calls.
local function target(ev)
  if not ev.name:find "^symlink" then return end
  local target, link = ev.args.target, ev.paths.linkpath
  if type(target) ~= "string" or not link then return end
  return clean(target:sub(1, 1) == "/" and target or link:match "^(.*)/" .. "/" .. target)
end

-- The first name of a call that leads to what is denied, or may: nobody knows what it is relative
-- to, or it is one of a directory with that below, and the call gives it another. denied(path)
-- and above(directory) say what is. The second result says whether it can't be read.
function M.first(ev, denied, above)
  local moves, link = moving:test(ev.name), target(ev)
  for name, path in pairs(ev.paths) do
    local direct = M.direct(ev, path)
    local stays = direct == "/" and (name == "target" or ev.name:find "root$") -- what is there gets no other name
    if not direct or denied(path) or denied(direct) or moves and not stays and above(direct) then return path end
  end
  local led = link and M.direct(ev, link)
  if link and (not led or denied(link) or denied(led) or above(led)) then return link end
  if ev.name:find "^symlink" and not ev.args.target then return "(target that can't be read)", true end
  for name, path in pairs(ev.unplaced) do return path, unread(ev, name) end
end

-- Calls that open files, or do without calls, in ways that nobody can judge by a name.
M.nameless = "open_by_handle_at,io_uring_setup"

return M
