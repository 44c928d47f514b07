meta {
  name = "whyfail",
  summary = "the last failed calls of each process that ends badly",
  categories = {"errors", "processes"},
  args = {
    last = {type = "number", default = 5, help = "how many calls to show"},
  },
  examples = {
    "luatrace -s whyfail make",
    "luatrace -s whyfail -a last=20 ./server",
  },
  caveats = "The reason is often the last line, but not always: programs go on after many "
    .. "failures, and some end for reasons of their own.",
}

on("*", {when = {ok = false}}, function(ev)
  local data = ev.proc.data
  data.calls = data.calls or {}
  table.insert(data.calls, tostring(ev))
  if #data.calls > args.last then table.remove(data.calls, 1) end
end)

on("proc:exec", function(ev) -- a new program, whose name will be gone at its end
  ev.proc.data.calls = nil
  ev.proc.data.command = table.concat(ev.proc.cmdline, " ")
end)

on("exit_group:enter", function(ev) -- of a fork, or a process that was there before
  local data = ev.proc.data
  data.command = data.command or table.concat(ev.proc.cmdline, " ")
end)

on("proc:exit", function(ev)
  if ev.thread or ev.status == 0 then return end
  local data = ev.proc.data
  if output.json then
    return emit {pid = ev.pid, status = ev.status, killed = ev.killed, command = data.command,
      calls = json.array(data.calls or {})}
  end
  local how = ev.killed and "was ended by " .. ev.killed or "exited with " .. ev.status
  printf("%d %s: %s after\n", ev.pid, how, data.command or "?")
  for _, call in ipairs(data.calls or {"no failed call"}) do
    printf("    %s\n", call)
  end
end)

test("the last calls before a bad end", {args = {last = 1}}, function(t)
  t:event("proc:exec", {pid = 10, cmdline = {"cat", "none"}})
  t:event("openat", {pid = 10, path = "/other", flags = "O_RDONLY", err = "ENOENT"})
  t:event("openat", {pid = 10, path = "none", flags = "O_RDONLY", err = "EACCES"})
  t:event("proc:exit", {pid = 10, status = 1})
  t:expect(t.stdout, '10 exited with 1: cat none after\n    openat(AT_FDCWD, "none", O_RDONLY)      = -1 EACCES (Permission denied)\n')
end)

test("a good end", function(t)
  t:event("openat", {path = "none", flags = "O_RDONLY", err = "EACCES"})
  t:event("proc:exit")
  t:expect(t.stdout, "")
end)
