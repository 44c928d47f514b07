meta {
  name = "deps",
  summary = "files that each command reads and writes: what depends on what",
  categories = {"files", "processes", "builds"},
  args = {
    format = {type = "string", default = "text", help = "text, make (rules) or json"},
    under = {type = "path", help = "only files in this directory or below it"},
    missing = {type = "flag", help = "also files that were looked for and not found"},
  },
  examples = {
    "luatrace -s deps cc -c hello.c",
    "luatrace -o hello.d -s deps -a format=make -a under=. make",
  },
  caveats = "A file counts when it is opened, not when it is used. Names are those that the "
    .. "program used, made absolute; links are not followed. Children that only fork count for their parent's command.",
}

if args.format ~= "text" and args.format ~= "make" and args.format ~= "json" then
  error("-a format=" .. args.format .. ": text, make or json is wanted", 0)
end

local inside = args.under and under(args.under)
local commands = {}

local function command(ev)
  local d = ev.proc.data
  if not d.command then
    d.command = {pid = ev.pid, argv = ev.proc.cmdline, reads = {}, writes = {}, missing = {}}
    table.insert(commands, d.command)
  end
  return d.command
end

on("proc:exec", function(ev)
  ev.proc.data.command = nil
  command(ev)
end)
on("proc:fork", function(ev)
  if not ev.thread then ev.child.proc.data.command = command(ev) end
end)

-- "/a/./b/../c" -> "/a/c", as make compares names.
local function clean(path)
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

local function note(ev, kind, path)
  if path then command(ev)[kind][clean(path)] = true end
end

-- A file that is gone again is no result; made remembers whose it was, for what
-- was made of it.
local made = {}
local function forget(path)
  path = clean(path or "/")
  for _, c in ipairs(commands) do
    if c.writes[path] then made[path], c.writes[path] = c, nil end
  end
end

local writing = {O_WRONLY = true, O_RDWR = true}
on("open,openat,openat2,creat", function(ev)
  if not ev.ok then
    if ev.err == "ENOENT" and args.missing then note(ev, "missing", ev.abspath) end
    return
  end
  local flags = ev.name == "openat2" and ev.how.flags or ev.name ~= "creat" and ev.flags
  if flags and flags:has "O_DIRECTORY" then return end
  local writes = not flags
  for _, name in ipairs(flags and flags:names() or {}) do writes = writes or writing[name] end
  note(ev, writes and "writes" or "reads", ev.abspath)
end)
on("execve,execveat", {when = {ok = true}}, function(ev) note(ev, "reads", ev.abspath) end)
on("rename,renameat,renameat2", {when = {ok = true}}, function(ev)
  forget(ev.paths.oldpath)
  note(ev, "writes", ev.paths.newpath)
end)
on("link,linkat,symlink,symlinkat", {when = {ok = true}}, function(ev)
  note(ev, "writes", ev.paths.newpath or ev.paths.linkpath)
end)
on("unlink,unlinkat", {when = {ok = true}}, function(ev) forget(ev.abspath) end)

local function sorted(set, without)
  local list = {}
  for path in pairs(set) do
    if not (without and without[path]) and (not inside or inside:test(path)) then list[#list + 1] = path end
  end
  table.sort(list)
  return list
end

-- What a command read, with what files that are gone were made of.
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

local function rule(path) return (path:gsub("([ #\\])", "\\%1"):gsub("%$", "$$")) end

local show = {}

function show.text(c, reads, writes)
  printf("%s\n", table.concat(c.argv, " "))
  for _, path in ipairs(writes) do printf("  > %s\n", path) end
  for _, path in ipairs(reads) do printf("  < %s\n", path) end
  for _, path in ipairs(sorted(c.missing)) do printf("  ? %s\n", path) end
end

function show.make(c, _, writes)
  local reads = sorted(sources(c, {}), c.writes)
  for _, target in ipairs(writes) do
    if target:sub(1, 5) ~= "/dev/" then
      printf("%s:", rule(target))
      for _, path in ipairs(reads) do printf(" %s", rule(path)) end
      printf("\n")
    end
  end
end

function show.json(c, reads, writes)
  emit {pid = c.pid, argv = json.array(c.argv), reads = json.array(reads), writes = json.array(writes), missing = json.array(sorted(c.missing))}
end

on("end", function()
  for _, c in ipairs(commands) do
    local reads, writes = sorted(c.reads, c.writes), sorted(c.writes)
    if #reads + #writes > 0 then show[output.json and "json" or args.format](c, reads, writes) end
  end
end)

local function compile(t)
  t:event("proc:exec", {comm = "cc", cmdline = {"cc", "-c", "a.c"}, cwd = "/p"})
  t:event("openat", {path = "sub/../a.c", flags = "O_RDONLY", ret = 3})
  t:event("openat", {path = "a.h", flags = "O_RDONLY", err = "ENOENT"})
  t:event("openat", {path = "/usr/include/a h", flags = "O_RDONLY", ret = 3})
  t:event("openat", {path = "/tmp/x.s", flags = "O_RDWR|O_CREAT", mode = 384, ret = 3})
  t:event("unlink", {path = "/tmp/x.s"})
  t:event("openat", {path = "a.o", flags = "O_WRONLY|O_CREAT|O_TRUNC", mode = 438, ret = 3})
  t:finish()
end

test("text", {args = {missing = true}}, function(t)
  compile(t)
  t:expect(t.stdout, "cc -c a.c\n  > /p/a.o\n  < /p/a.c\n  < /usr/include/a h\n  ? /p/a.h\n")
end)

test("make", {args = {format = "make"}}, function(t)
  compile(t)
  t:expect(t.stdout, "/p/a.o: /p/a.c /usr/include/a\\ h\n")
end)

test("json, only some", {args = {format = "json", under = "/p"}}, function(t)
  compile(t)
  t:expect(json.decode(t.stdout).reads, {"/p/a.c"})
end)
