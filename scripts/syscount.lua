meta {
  name = "syscount",
  summary = "system calls counted by name or by process",
  categories = {"counts"},
  args = {
    by = {type = "string", default = "name", help = "what to count by: name or process"},
    calls = {type = "calls", default = "*", help = "which calls, as for -t"},
    top = {type = "number", default = 20, help = "how many rows to show, 0 for all"},
  },
  examples = {
    "luatrace -s syscount git status",
    "luatrace -s syscount -a by=process make",
    "luatrace -s syscount -a calls=%file -a top=0 ls -lR",
  },
  caveats = "Calls are counted when they begin, so those that never return count too.",
}

local keys = {name = {"call"}, process = {"pid", "comm"}}
if not keys[args.by] then
  error("-a by=" .. args.by .. ": name or process is wanted", 0)
end

local title = "system calls by " .. args.by
local calls = agg(title, {key = keys[args.by], top = args.top})

if args.by == "name" then
  on(args.calls .. ":enter", function(ev) calls:count(ev.name) end)
else
  on(args.calls .. ":enter", function(ev) calls:count(ev.pid, ev.comm) end)
end

on("end", function()
  if not output.json then printf("%d system calls\n", calls:total()) end
end)

test("by name", {args = {calls = "read,write"}}, function(t)
  for _ = 1, 3 do t:event("read", {fd = 3}) end
  t:event("write", {fd = 3})
  t:event("close", {fd = 3})
  t:finish()
  t:expect(t.stdout, "4 system calls\nsystem calls by name\ncount  call\n    3  read\n    1  write\n")
end)

test("by process", {args = {by = "process"}}, function(t)
  t:event("getpid", {pid = 7, comm = "a"})
  t:event("getpid", {pid = 8, comm = "b"})
  t:event("getpid", {pid = 8, comm = "b"})
  t:finish()
  t:shows "    2    8  b\n"
  t:shows "    1    7  a\n"
end)
