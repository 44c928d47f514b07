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

local sets = require "lib.sets"
local commands, sources = require "lib.commands".record()
local inside = args.under and under(args.under)

local function sorted(set, without)
  return sets.sorted(set, function(path)
    return not (without and without[path]) and (not inside or inside:test(path))
  end)
end

-- A name as make reads it.
local function rule(path) return (path:gsub("([ #\\])", "\\%1"):gsub("%$", "$$")) end

local show = {}

function show.text(c, reads, writes)
  printf("%s\n", table.concat(c.argv, " "))
  for _, path in ipairs(writes) do printf("  > %s\n", path) end
  for _, path in ipairs(reads) do printf("  < %s\n", path) end
  if not args.missing then return end
  for _, path in ipairs(sorted(c.missing)) do printf("  ? %s\n", path) end
end

function show.make(c, _, writes)
  local reads = sorted(sources(c), c.writes)
  for _, target in ipairs(writes) do
    if target:sub(1, 5) ~= "/dev/" then
      printf("%s:", rule(target))
      for _, path in ipairs(reads) do printf(" %s", rule(path)) end
      printf("\n")
    end
  end
end

function show.json(c, reads, writes)
  emit {pid = c.pid, argv = json.array(c.argv), reads = json.array(reads), writes = json.array(writes),
    removed = json.array(sorted(c.removed)), missing = args.missing and json.array(sorted(c.missing)) or nil}
end

on("end", function()
  local shown = false
  for _, c in ipairs(commands) do
    local reads, writes = sorted(c.reads, c.writes), sorted(c.writes)
    shown = shown or #reads + #writes > 0
    if #reads + #writes > 0 then show[output.json and "json" or args.format](c, reads, writes) end
  end
  if not shown and not output.json and args.format == "text" then print "no file was read or written" end
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
  local c = json.decode(t.stdout)
  t:expect(c.reads, {"/p/a.c"})
  t:expect(c.writes, {"/p/a.o"})
end)

test("a file in between, made by one and moved by another", {args = {format = "make", under = "/p"}}, function(t)
  t:event("proc:exec", {pid = 10, cmdline = {"cc"}})
  t:event("openat", {pid = 10, path = "/p/a.c", flags = "O_RDONLY", ret = 3})
  t:event("openat", {pid = 10, path = "/p/a.tmp", flags = "O_WRONLY|O_CREAT", mode = 438, ret = 4})
  t:event("proc:exec", {pid = 11, cmdline = {"mv"}})
  t:event("rename", {pid = 11, oldpath = "/p/a.tmp", newpath = "/p/a.o"})
  t:finish()
  t:expect(t.stdout, "/p/a.o: /p/a.c\n")
end)
