-- A program that believes itself to be root: user and group ids are 0, and
-- changing them succeeds without doing anything.
local M = {}

-- M.uid and M.gid are what the program really is, once that is known.
local function real(ev, field)
  local status = ev.proc:file "status" or ""
  return tonumber(status:match(field .. ":%s*%d+%s+(%d+)"))
end

function M.learn(ev)
  M.uid, M.gid = M.uid or real(ev, "Uid"), M.gid or real(ev, "Gid")
end

on("getuid,geteuid,getgid,getegid", {when = {ok = true}}, function(ev) ev.ret = 0 end)
on("getresuid,getresgid", {when = {ok = true}}, function(ev)
  for i = 1, 3 do ev.mem:write(ev.raw[i], "\0\0\0\0") end
end)
on("getgroups", {when = {ok = true}}, function(ev)
  if ev.size > 0 and ev.ret > 0 then
    ev.mem:write(ev.raw[2], "\0\0\0\0")
    ev.ret = 1
  end
end)
on("/^set(re|res|fs)?[ug]id(32)?$/,setgroups,capset:enter", {on_error = "EPERM"}, function(ev) ev:skip(0) end)

return M
