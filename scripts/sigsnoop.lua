meta {
  name = "sigsnoop",
  summary = "signals that arrive: who sent them, and what they do",
  categories = {"signals"},
  args = {
    sig = {type = "signal", help = "only this signal, such as SIGTERM"},
    time = {type = "flag", help = "a column with the time of each row; -tt gives it too"},
  },
  examples = {
    "luatrace -s sigsnoop make",
    "luatrace -s sigsnoop -a sig=SIGTERM -p 1234",
  },
  caveats = "SIGKILL can't be seen before it acts (see exitsnoop). Blocked signals are "
    .. "shown when they are let through.",
}

-- Whether a signal is in one of the masks of /proc/PID/status: 16 hex digits,
-- signal 1 the lowest bit.
local function inmask(status, name, signo)
  local mask = status:match(name .. ":%s*(%x+)")
  local digit = tonumber(mask:sub(16 - math.floor((signo - 1) / 4)):sub(1, 1), 16)
  return bit.band(digit, bit.lshift(1, (signo - 1) % 4)) ~= 0
end

local function action(ev)
  local status = ev.proc:file("status")
  if not status then return "?" end
  if inmask(status, "SigCgt", ev.signo) then return "handler" end
  if inmask(status, "SigIgn", ev.signo) then return "ignored" end
  return "default"
end

local row = require "lib.columns"("PID:7 COMM:15 SIGNAL:11 ACTION:7 >SENDER:7 AT", {time = args.time})

on("signal" .. (args.sig and ":" .. args.sig or ""), function(ev)
  local at = ev.addr and ("0x%x"):format(ev.addr)
  row(ev.pid, ev.comm, ev.sig, action(ev), ev.sender or "kernel", at)
end)

test("what becomes of it", function(t)
  local status = "SigIgn:\t0000000000000001\nSigCgt:\t0000000000000200\n"
  for _, name in ipairs {"SIGHUP", "SIGUSR1", "SIGTERM"} do
    t:event("signal:" .. name, {sender = 77, files = {status = status}})
  end
  t:expect(t.stdout:match "\n(.*)", "1000    test            SIGHUP      ignored      77 -\n"
    .. "1000    test            SIGUSR1     handler      77 -\n1000    test            SIGTERM     default      77 -\n")
end)
