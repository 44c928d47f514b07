meta {
  name = "setuids",
  summary = "changes of user, group and capabilities: who, from, to",
  categories = {"processes", "security"},
  examples = {
    "luatrace -s setuids setpriv --reuid=65534 --clear-groups true",
    "luatrace -s setuids -p 1234",
  },
  caveats = "As an ordinary user set-id programs lose their privilege while they are traced "
    .. "(ptrace(2)), so sudo and su fail.",
}

local row = require "lib.columns" "PID:7 COMM:15 CALL:10 ERR:8 FROM:18 TO"

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
  local list = ev.list or {}
  row(ev.pid, ev.comm, ev.name, ev.err, nil, #list > 0 and "groups " .. table.concat(list, ",") or "no groups")
end)

-- All of them are many: the names of few are shown, the number of others.
local function capabilities(flags)
  local names = flags:names()
  return #names == 0 and "none" or #names <= 3 and table.concat(names, "|") or #names .. " capabilities"
end

on("capset", function(ev)
  local data = ev.datap
  if not data then return row(ev.pid, ev.comm, ev.name, ev.err) end
  row(ev.pid, ev.comm, ev.name, ev.err, nil, "effective " .. capabilities(data.effective))
end)

local options = {"PR_SET_KEEPCAPS", "PR_CAPBSET_DROP", "PR_SET_SECUREBITS", "PR_SET_NO_NEW_PRIVS", "PR_CAP_AMBIENT"}
on("prctl", {when = {op = options}}, function(ev) row(ev.pid, ev.comm, ev.name, ev.err, nil, ev.call .. ")") end)

on("proc:exec", function(ev)
  local uid = ids(ev, "Uid")
  local before = ev.proc.data.uid
  if before and uid ~= before then row(ev.pid, ev.comm, "execve", nil, before, uid) end
  ev.proc.data.uid = uid
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
