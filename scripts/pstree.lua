meta {
  name = "pstree",
  summary = "the tree of processes at the end: what ran, how long, how it ended",
  categories = {"processes"},
  args = {
    threads = {type = "flag", help = "also threads"},
    min = {type = "duration", default = "0s", help = "leave out what ran shorter, with its children"},
  },
  examples = {
    "luatrace -s pstree sh -c 'ls | sort; (sleep 0.1; ls) | wc -l'",
    "luatrace -s pstree -a min=10ms make",
  },
  caveats = "Times are from fork to end, waiting included. Processes that were there before "
    .. "(-p) begin with the trace.",
}

local human = require "lib.human"
local nodes, roots = {}, {} -- by task; ev.proc.data.node is that of the process

local function node(task, parent, time, name)
  local n = {id = task.tid, name = name, from = time, thread = parent and task.proc.pid ~= task.tid, kids = {}}
  nodes[task] = n
  table.insert(parent and parent.kids or roots, n)
  return n
end

local function known(ev)
  local d = ev.proc.data
  local n = nodes[ev.task] or d.node
  if n then return n end
  d.node = node(ev.task, nil, ev.time, ev.comm)
  return d.node
end

on("proc:fork", function(ev)
  if ev.thread and not args.threads then return end
  local n = node(ev.child, known(ev), ev.time, ev.comm)
  if not ev.thread then ev.child.proc.data.node = n end
end)

on("proc:exec", function(ev)
  local n = known(ev)
  if n.thread then -- it takes the place of the first thread
    n.took, n.how = ev.time - n.from, "exec"
    n = ev.proc.data.node or n
  end
  nodes[ev.task], n.took, n.how = n, nil, nil
  local command = table.concat(ev.proc.cmdline, " ")
  n.name = command ~= "" and command or ev.comm
end)

on("proc:exit", function(ev)
  local n = nodes[ev.task]
  if not n then return end
  n.took = ev.time - n.from
  n.how = ev.killed or ev.status
  nodes[ev.task] = nil
end)

local function show(n, depth)
  if n.took and n.took < args.min then return end
  local took = n.took and human.time(n.took) or "-"
  local how = n.how == 0 and "" or n.how and (" [" .. n.how .. "]") or " [runs on]"
  if output.json then
    emit {pid = n.id, depth = depth, command = n.name, seconds = n.took, ["end"] = n.how}
  else
    local line = ("  "):rep(depth) .. n.name
    if #line > 50 then line = line:sub(1, 47) .. "..." end
    printf("%7d %7s %s%s%s\n", n.id, took, line, n.thread and " (thread)" or "", how)
  end
  for _, kid in ipairs(n.kids) do show(kid, depth + 1) end
end

on("end", function()
  if not output.json then printf("%7s %7s %s\n", "PID", "TIME", "COMMAND") end
  for _, n in ipairs(roots) do show(n, 0) end
end)

test("only what runs long", {args = {min = "10ms"}}, function(t)
  t:event("proc:exec", {pid = 10, cmdline = {"sh"}})
  t:event("proc:fork", {pid = 10, child = 11})
  t:advance "5ms"
  t:event("proc:exit", {pid = 11})
  t:event("proc:fork", {pid = 10, child = 12})
  t:event("proc:exec", {pid = 12, cmdline = {"long"}})
  t:advance "20ms"
  t:event("proc:exit", {pid = 12})
  t:event("proc:exit", {pid = 10})
  t:finish()
  t:expect(t.stdout:match "\n(.*)", "     10    25ms sh\n     12    20ms   long\n")
end)

test("a shell with a child", function(t)
  t:event("proc:exec", {pid = 10, comm = "sh", cmdline = {"sh", "-c", "ls"}})
  t:event("proc:fork", {pid = 10, child = 11})
  t:event("proc:exec", {pid = 11, comm = "ls", cmdline = {"ls"}})
  t:advance "2ms"
  t:event("proc:exit", {pid = 11, status = 2})
  t:advance "1ms"
  t:event("proc:exit", {pid = 10})
  t:finish()
  t:expect(t.stdout, "    PID    TIME COMMAND\n     10   3.0ms sh -c ls\n     11   2.0ms   ls [2]\n")
end)
