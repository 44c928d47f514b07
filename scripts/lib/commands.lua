-- The commands of a trace, and the files that each reads and writes.
local M = {}

local access, paths = require "lib.access", require "lib.paths"
local clean = paths.clean

-- Returns a list that fills as the trace goes on: {pid, argv, reads, writes,
-- removed, missing} for each command, files as sets of absolute names. removed
-- are files it wrote that are gone again. A child that runs no other program
-- belongs to its parent's command. Second comes sources(command): what it read,
-- with that which files that are gone were made of.
function M.record()
  local commands, made = {}, {} -- made: the command behind a file that is gone

  local function command(ev)
    local d = ev.proc.data
    if not d.command then
      d.command = {pid = ev.pid, argv = ev.proc.cmdline, reads = {}, writes = {}, removed = {}, missing = {}}
      commands[#commands + 1] = d.command
    end
    return d.command
  end

  -- What a shell has opened for a command (cmd <in >out) before it runs it is
  -- the command's.
  local touched = {} -- "reads" or "writes" by name
  on("proc:exec", function(ev)
    local d = ev.proc.data
    local old, fresh = d.command, d.fresh or {}
    d.command, d.fresh = nil, nil
    local new = command(ev)
    for fd = 0, 2 do
      local path = ev.proc:fd(fd)
      local kind = path and touched[path]
      if kind then
        new[kind][path] = true
        if fresh[path] then old[kind][path] = nil end
      end
    end
  end)
  on("proc:fork", function(ev)
    if not ev.thread then ev.child.proc.data.command = command(ev) end
  end)

  local function note(ev, kind, path)
    if not path then return end
    path = clean(path)
    local set, d = command(ev)[kind], ev.proc.data
    if kind ~= "missing" then
      touched[path], d.fresh = kind, d.fresh or {}
      if not set[path] then d.fresh[path] = true end
    end
    set[path] = true
    if kind == "writes" then made[path] = nil end
  end

  local function gone(path)
    if not path then return end
    path = clean(path)
    for _, c in ipairs(commands) do
      if c.writes[path] then
        made[path], c.writes[path], c.removed[path] = c, nil, true
      end
    end
  end

  on("open,openat,openat2,creat", function(ev)
    if ev.err == "ENOENT" then note(ev, "missing", ev.abspath) end
    if not ev.ok then return end
    local flags = ev.name == "openat2" and ev.how.flags or ev.name ~= "creat" and ev.flags
    if flags and flags:has "O_DIRECTORY" then return end
    note(ev, access.writes(ev) and "writes" or "reads", ev.abspath)
  end)
  on("execve,execveat", {when = {ok = true}}, function(ev) note(ev, "reads", ev.abspath) end)
  on("rename,renameat,renameat2", {when = {ok = true}}, function(ev)
    local from = ev.paths.oldpath
    if from and not command(ev).writes[clean(from)] then note(ev, "reads", from) end
    gone(from)
    note(ev, "writes", ev.paths.newpath)
  end)
  on("link,linkat,symlink,symlinkat", {when = {ok = true}}, function(ev)
    note(ev, "writes", ev.paths.newpath or ev.paths.linkpath)
  end)
  on("unlink,unlinkat", {when = {ok = true}}, function(ev) gone(ev.abspath) end)

  local function sources(c, all)
    for path in pairs(c.reads) do
      local maker = made[path]
      if not maker then
        all[path] = true
      elseif maker ~= c and not all[maker] then
        all[maker] = true
        sources(maker, all)
        all[maker] = nil
      end
    end
    return all
  end

  return commands, function(c) return sources(c, {}) end
end

return M
