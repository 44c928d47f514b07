-- Process ids are 10001, 10002, ..., in the order in which processes are seen: the same in each
-- run. A script that requires this gives a program these in the place of the real ones.
local given = require "lib.given"
local fake, real, last = {}, {}, 10000

local function shown(pid)
  if pid <= 0 then return pid end
  if not fake[pid] then
    last = last + 1
    fake[pid], real[last] = last, pid
  end
  return fake[pid]
end

on("proc:exec", function(ev) shown(ev.pid) end)
on("proc:fork", function(ev) -- before either of the two goes on
  if not ev.thread then shown(ev.child.tid) end
end)

on("getpid,getppid,getpgrp,getpgid,getsid,setsid", {when = {ok = true}}, function(ev) ev.ret = shown(ev.ret) end)
on("fork,vfork,clone,clone3", {when = {ret = gt(0)}}, function(ev)
  local flags = ev.name == "clone" and ev.flags
  if ev.name == "clone3" then flags = given.struct(ev.cl_args) and ev.cl_args.flags end
  if not (flags and flags:has "CLONE_THREAD") then ev.ret = shown(ev.ret) end
end)
on("wait4", {when = {ret = gt(0)}}, function(ev) ev.ret = shown(ev.ret) end)
on("waitid", {when = {ok = true}}, function(ev)
  local info = given.struct(ev.infop)
  if info and info.si_pid then
    given.write(function() info.si_pid = shown(info.si_pid) end)
  end
end)

-- What the program believes to be a process id goes back as the real one.
on("wait4,kill,tgkill,getpgid,getsid,setpgid:enter", function(ev)
  local id = ev.args[1]
  if real[id] then ev.args[1] = real[id] elseif real[-id] then ev.args[1] = -real[-id] end
  if ev.name == "setpgid" and real[ev.args[2]] then ev.args[2] = real[ev.args[2]] end
end)
on("waitid:enter", {when = {idtype = {"P_PID", "P_PGID"}}}, function(ev) ev.args.id = real[ev.args.id] or ev.args.id end)

return {shown = shown}
