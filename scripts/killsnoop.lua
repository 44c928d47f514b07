meta {
  name = "killsnoop",
  summary = "signals sent with kill and its family: who, what, to whom",
  categories = {"signals", "processes"},
  args = {
    sig = {type = "signal", help = "only this signal, such as SIGTERM"},
    time = {type = "flag", help = "a column with the time of each row; -tt gives it too"},
  },
  examples = {
    "luatrace -s killsnoop sh -c 'sleep 9 & kill $!'",
    "luatrace -s killsnoop -a sig=SIGKILL -p 1234",
  },
  caveats = "A negative target is a process group; 0 is the sender's own. Signals of "
    .. "the kernel (SIGCHLD, SIGSEGV, ctrl-C) are not sent by a call.",
}

local calls = "kill,tkill,tgkill,pidfd_send_signal,rt_sigqueueinfo,rt_tgsigqueueinfo"

-- Where each call says who gets the signal.
local function target(ev)
  if ev.name == "kill" then return ev.args.pid end
  if ev.name == "pidfd_send_signal" then
    local info = ev.proc:file("fdinfo/" .. ev.pidfd) or ""
    return tonumber(info:match("Pid:%s*(-?%d+)"))
  end
  return ev.args[1]
end

local row = require "lib.columns"("PID:7 COMM:15 SIGNAL:11 >TARGET:7 RESULT", {time = args.time})

-- A process that kills itself does not come back from the call, so what is known
-- before it is kept until the call or the thread ends.
on(calls .. ":enter", {when = args.sig and {sig = args.sig}}, function(ev)
  ev.task.data.sending = {ev.pid, ev.comm, ev.args.sig, target(ev)}
  ev:onexit(function(ev)
    local pid, comm, sig, to = unpack(ev.task.data.sending, 1, 4)
    row(pid, comm, sig, to, ev.err or "sent")
    ev.task.data.sending = nil
  end)
end)

on("proc:exit", function(ev)
  local sending = ev.task.data.sending
  if sending then
    local pid, comm, sig, to = unpack(sending, 1, 4)
    row(pid, comm, sig, to, "ended by " .. (ev.killed or "another"))
  end
end)

test("sent, refused, and the last one", function(t)
  t:event("kill", {args = {pid = 77, sig = "SIGTERM"}})
  t:event("kill", {args = {pid = 1, sig = "SIGKILL"}, err = "EPERM"})
  t:event("tgkill", {args = {tgid = 5, tid = 6, sig = "SIGUSR1"}})
  t:expect(t.stdout:match "\n(.*)", "1000    test            SIGTERM          77 sent\n"
    .. "1000    test            SIGKILL           1 EPERM\n1000    test            SIGUSR1           5 sent\n")
end)

test("one signal", {args = {sig = "SIGHUP"}}, function(t)
  t:event("kill", {args = {pid = 77, sig = "SIGTERM"}})
  t:event("kill", {args = {pid = 78, sig = "SIGHUP"}})
  t:expect(t.stdout:match "\n(.*)", "1000    test            SIGHUP           78 sent\n")
end)
