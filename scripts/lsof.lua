meta {
  name = "lsof",
  summary = "what processes have open: at their end, or when a signal comes",
  categories = {"files", "processes"},
  acts = true,
  args = {
    on = {type = "signal", help = "show it at this signal, which the process does not get"},
    memory = {type = "flag", help = "also mapped files"},
  },
  examples = {
    "luatrace -s lsof cat /etc/hostname",
    "luatrace -s lsof -a on=SIGUSR1 -p 1234",
  },
  caveats = "Read from /proc as the last call begins (exit, exit_group). Who is killed has "
    .. "no last call. Nothing is changed without on.",
}

local row = require "lib.columns" "PID:7 COMM:15 FD:4 MODE:4 WHAT"

local modes = {[0] = "r", [1] = "w", [2] = "rw"}

local function mode(ev, fd)
  local flags = (ev.proc:file("fdinfo/" .. fd) or ""):match "flags:%s*0?(%d+)"
  return flags and modes[tonumber(flags:sub(-1)) % 4]
end

local function show(ev)
  local limit = tonumber(((ev.proc:file "status" or ""):match "FDSize:%s*(%d+)")) or 256
  row(ev.pid, ev.comm, "cwd", nil, ev.cwd)
  row(ev.pid, ev.comm, "exe", nil, ev.exe)
  for fd = 0, limit - 1 do
    local what = ev.proc:fd(fd)
    if what then row(ev.pid, ev.comm, fd, mode(ev, fd), what) end
  end
  if args.memory then
    local seen = {}
    for path in (ev.proc:file "maps" or ""):gmatch "(/[^\n]*)\n" do
      if not seen[path] then row(ev.pid, ev.comm, "mem", nil, path) end
      seen[path] = true
    end
  end
end

if args.on then
  on("signal:" .. args.on, function(ev)
    show(ev)
    ev:suppress()
  end)
else
  on("exit_group:enter", show)
end

test("two descriptors", function(t)
  t:event("exit_group", {exe = "/bin/x", cwd = "/tmp", fds = {[0] = "/dev/null", [3] = "/f"},
    files = {["fdinfo/3"] = "pos:\t0\nflags:\t0100001\n", status = "FDSize:\t64\n"}})
  t:shows "1000    test            cwd  -    /tmp\n"
  t:shows "1000    test            0    -    /dev/null\n"
  t:shows "1000    test            3    w    /f\n"
end)

test("at a signal", {args = {on = "SIGUSR1"}}, function(t)
  t:event("exit_group")
  t:expect(t.stdout:find "cwd", nil)
  t:expect(t:event("signal:SIGUSR1").sig, nil)
  t:shows "cwd"
end)
