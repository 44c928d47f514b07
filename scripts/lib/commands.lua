-- The commands of a trace, and the files that each reads and writes.
local M = {}

local access, given, paths = require "lib.access", require "lib.given", require "lib.paths"
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
  -- the command's. Each process has the files it opened by descriptor; what it
  -- inherited from outside the trace is not among them.
  local function opened(ev)
    local d = ev.proc.data
    d.opened = d.opened or {}
    return d.opened
  end
  local function put(ev, fd, path, kind)
    opened(ev)[fd] = path and {path = path, kind = kind, is = fd <= 2 and ev.proc:fd(fd)}
  end

  on("proc:exec", function(ev)
    local d = ev.proc.data
    local old, fresh = d.command, d.fresh or {}
    d.command, d.fresh = nil, nil
    local new, files = command(ev), opened(ev)
    for fd = 0, 2 do
      local o = files[fd]
      if o and ev.proc:fd(fd) == o.is then
        new[o.kind][o.path] = true
        if fresh[o.path] then old[o.kind][o.path] = nil end
      end
    end
  end)
  on("proc:fork", function(ev)
    if ev.thread then return end
    local copy = {}
    for fd, o in pairs(opened(ev)) do copy[fd] = o end
    ev.child.proc.data.command, ev.child.proc.data.opened = command(ev), copy
  end)
  local function copied(ev)
    local o = opened(ev)[ev.args[1]] or {}
    put(ev, ev.ret, o.path, o.kind)
  end
  on("dup,dup2,dup3", {when = {ok = true}}, copied)
  on("fcntl", {when = {ok = true, op = {"F_DUPFD", "F_DUPFD_CLOEXEC"}}}, copied)

  local function note(ev, kind, path)
    if not path then return end
    path = clean(path)
    local set, d = command(ev)[kind], ev.proc.data
    if kind ~= "missing" then
      d.fresh = d.fresh or {}
      if not set[path] then d.fresh[path] = true end
    end
    set[path] = true
    if kind == "writes" then made[path] = nil end
    return path
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
    local how = ev.name == "openat2" and given.struct(ev.how)
    local flags = how and how.flags or ev.name:find "^open" and ev.name ~= "openat2" and ev.flags
    if flags and flags:has "O_DIRECTORY" then return end
    local kind = access.writes(ev) and "writes" or "reads"
    put(ev, ev.ret, note(ev, kind, ev.abspath), kind)
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
