meta {
  name = "lsof",
  summary = "what processes have open: at the end, or when a signal comes",
  categories = {"files", "processes"},
  acts = true,
  args = {
    on = {type = "signal", help = "show it at this signal, which the process does not get"},
    memory = {type = "flag", help = "also mapped files"},
    time = {type = "flag", help = "a column with the time of each row; -tt gives it too"},
  },
  examples = {
    "luatrace -s lsof cat /etc/hostname",
    "luatrace -s lsof -p 1234",
    "luatrace -s lsof -a on=SIGUSR1 -p 1234",
  },
  caveats = "Read from /proc as the last call begins (exit_group), and when the trace ends (Ctrl-C) of what "
    .. "runs on. Who is killed has no last call. Nothing is changed without on.",
}

local row = require "lib.columns"("PID:7 COMM:15 FD:4 MODE:4 WHAT", {time = args.time})

local modes = {[0] = "r", [1] = "w", [2] = "rw"}

local function mode(proc, fd)
  local flags = (proc:file("fdinfo/" .. fd) or ""):match "flags:%s*0?(%d+)"
  return flags and modes[tonumber(flags:sub(-1)) % 4]
end

local function show(proc, comm)
  row(proc.pid, comm, "cwd", nil, proc.cwd)
  row(proc.pid, comm, "exe", nil, proc.exe)
  local numbers, fds = {}, proc.fds or {}
  for fd in pairs(fds) do numbers[#numbers + 1] = fd end
  table.sort(numbers)
  for _, fd in ipairs(numbers) do row(proc.pid, comm, fd, mode(proc, fd), fds[fd]) end
  if args.memory then
    local seen = {}
    for path in (proc:file "maps" or ""):gmatch "(/[^\n]*)\n" do
      if not seen[path] then row(proc.pid, comm, "mem", nil, path) end
      seen[path] = true
    end
  end
end

if args.on then
  on("signal:" .. args.on, function(ev)
    show(ev.proc, ev.comm)
    ev:suppress()
  end)
else
  on("exit_group:enter", function(ev) show(ev.proc, ev.comm) end)
end

on("end", function()
  for _, proc in ipairs(args.on and {} or processes()) do show(proc, proc.comm) end -- what runs on
end)

test("two descriptors", function(t)
  t:event("exit_group", {exe = "/bin/x", cwd = "/tmp", fds = {[0] = "/dev/null", [3] = "/f"},
    files = {["fdinfo/3"] = "pos:\t0\nflags:\t0100001\n", status = "FDSize:\t64\n"}})
  t:shows "1000    test            cwd  -    /tmp\n"
  t:shows "1000    test            0    -    /dev/null\n"
  t:shows "1000    test            3    w    /f\n"
end)

test("a process that runs on", function(t)
  t:event("getpid", {exe = "/bin/x", fds = {[4] = "/f"}})
  t:finish()
  t:shows "1000    test            4    -    /f\n"
end)

test("at a signal", {args = {on = "SIGUSR1"}}, function(t)
  t:event("exit_group")
  t:expect(t.stdout:find "cwd", nil)
  t:expect(t:event("signal:SIGUSR1").sig, nil)
  t:shows "cwd"
end)
