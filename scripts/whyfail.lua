meta {
  name = "whyfail",
  summary = "the last failed calls of processes that end badly, or hang",
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

local shown = false
local function show(pid, how, command, calls, object, still)
  shown = true
  if output.json then
    object.command, object.calls = command, json.array(calls or {})
    return emit(object)
  end
  printf("%d %s: %s after\n", pid, how, command or "?")
  for _, call in ipairs(calls or {"no failed call"}) do printf("    %s\n", call) end
  for _, text in ipairs(still or {}) do printf("    %s\n", text) end
end

on("proc:exit", function(ev)
  if ev.thread or ev.status == 0 then return end
  local data = ev.proc.data
  local how = ev.killed and "was ended by " .. ev.killed or "exited with " .. tostring(ev.status)
  show(ev.pid, how, data.command, data.calls, {pid = ev.pid, status = ev.status, killed = ev.killed})
end)

local pending = require "lib.pending"
on("end", function(ev) -- what runs on may hang
  local calls = {}
  for _, p in ipairs(pending(ev.time)) do
    calls[p.task.proc] = calls[p.task.proc] or {}
    table.insert(calls[p.task.proc], ("in %s for %.1f s"):format(tostring(p.call), p.seconds))
  end
  for _, proc in ipairs(processes()) do
    local data, still = proc.data, calls[proc] or {}
    if #still + #(data.calls or {}) > 0 then
      show(proc.pid, "still runs", data.command or table.concat(proc.cmdline, " "), data.calls,
        {pid = proc.pid, running = true, pending = json.array(still)}, still)
    end
  end
end)

require "lib.empty"(function() return shown end, "no process ended badly")

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
  t:finish()
  t:expect(t.stdout, "no process ended badly\n")
end)

test("a process that hangs", function(t)
  t:event("openat", {comm = "x", cmdline = {"x", "-d"}, path = "none", flags = "O_RDONLY", err = "ENOENT"})
  t:event("flock", {fd = 3, operation = "LOCK_EX", unfinished = true})
  t:advance "2s"
  t:finish()
  t:shows "1000 still runs: x -d after\n    openat"
  t:shows "\n    in flock(3, LOCK_EX) for 2.0 s\n"
end)
