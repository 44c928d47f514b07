meta {
  name = "setuids",
  summary = "changes of user, group and capabilities: who, from, to",
  categories = {"processes", "security"},
  args = {
    time = {type = "flag", help = "a column with the time of each row; -tt gives it too"},
  },
  examples = {
    "luatrace -s setuids setpriv --reuid=65534 --clear-groups true",
    "luatrace -s setuids -p 1234",
  },
  caveats = "As an ordinary user set-id programs lose their privilege while they are traced "
    .. "(ptrace(2)), so sudo and su fail.",
}

local given = require "lib.given"
local row = require "lib.columns"("PID:7 COMM:15 CALL:10 ERR:8 FROM:18 TO", {time = args.time})

-- "uid 0,0,0" of /proc: real, effective, saved.
local function ids(ev, field)
  local r, e, s = (ev.proc:file "status" or ""):match(field .. ":%s*(%d+)%s+(%d+)%s+(%d+)")
  return r and field:lower() .. " " .. table.concat({r, e, s}, ",")
end

local function name(ev) return ev.name:find "gid" and "Gid" or "Uid" end

on("/^set(re|res|fs)?[ug]id(32)?$/:enter", function(ev)
  local before = ids(ev, name(ev))
  ev:onexit(function(ev)
    row(ev.pid, ev.comm, ev.name, ev.err, before, ids(ev, name(ev)))
  end)
end)

on("setgroups", function(ev)
  local list = given.list(ev.list)
  row(ev.pid, ev.comm, ev.name, ev.err, nil, #list > 0 and "groups " .. table.concat(list, ",") or "no groups")
end)

-- All of them are many: the names of few are shown, the number of others.
local function capabilities(flags)
  local names = flags:names()
  return #names == 0 and "none" or #names <= 3 and table.concat(names, "|") or #names .. " capabilities"
end

on("capset", function(ev)
  local data = given.struct(ev.datap)
  if not data then return row(ev.pid, ev.comm, ev.name, ev.err) end
  row(ev.pid, ev.comm, ev.name, ev.err, nil, "effective " .. capabilities(data.effective))
end)

local options = {"PR_SET_KEEPCAPS", "PR_CAPBSET_DROP", "PR_SET_SECUREBITS", "PR_SET_NO_NEW_PRIVS", "PR_CAP_AMBIENT"}
on("prctl", {when = {op = options}}, function(ev)
  if ev.call:find("PR_CAP_AMBIENT_IS_SET", 1, true) then return end -- it only asks
  row(ev.pid, ev.comm, ev.name, ev.err, nil, ev.call .. ")")
end)

-- A set-id program: its ids are others than before the call, also after a fork or
-- an attach.
local function note(ev) ev.proc.data.ids = {Uid = ids(ev, "Uid"), Gid = ids(ev, "Gid")} end
on("execve,execveat:enter", note)
on("proc:exec", function(ev)
  local before = ev.proc.data.ids
  note(ev)
  for _, field in ipairs {"Uid", "Gid"} do
    local now = ev.proc.data.ids[field]
    if before and now ~= before[field] then row(ev.pid, ev.comm, "execve", nil, before[field], now) end
  end
end)

test("setuid", function(t)
  local function status(uid) return {status = "Uid:\t" .. uid .. "\t" .. uid .. "\t" .. uid .. "\t" .. uid .. "\n"} end
  t:event("setuid", {uid = 65534, files = status(0)})
  t:shows "1000    test            setuid     -        uid 0,0,0          uid 0,0,0\n"
  t:clear()
  t:event("setuid", {uid = 0, err = "EPERM", files = status(65534)})
  t:shows "EPERM    uid 65534,65534,65534"
  t:clear()
  t:event("prctl", {op = "PR_SET_NO_NEW_PRIVS", arg2 = 1})
  t:shows "PR_SET_NO_NEW_PRIVS, 1"
  t:clear()
  t:event("proc:exec", {files = status(65534)})
  t:event("proc:exec", {comm = "su", files = status(0)})
  t:expect(t.stdout, "1000    su              execve     -        uid 65534,65534,65534 uid 0,0,0\n")
end)

test("a set-uid program that a shell starts", function(t)
  local function status(uid) return {status = ("Uid:\t%d\t%d\t%d\nGid:\t5\t%d\t5\n"):format(1000, uid, uid, uid == 0 and 0 or 5)} end
  t:event("proc:fork", {child = 2000, files = status(1000)})
  t:event("execve", {pid = 2000, path = "/bin/sudo", argv = {"sudo"}, files = status(1000)})
  t:clear()
  t:event("proc:exec", {pid = 2000, comm = "sudo", files = status(0)})
  t:expect(t.stdout, "2000    sudo            execve     -        uid 1000,1000,1000 uid 1000,0,0\n"
    .. "2000    sudo            execve     -        gid 5,5,5          gid 5,0,5\n")
end)
