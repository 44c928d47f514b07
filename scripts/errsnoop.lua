meta {
  name = "errsnoop",
  summary = "calls that failed, by call, error and file",
  categories = {"errors", "counts"},
  args = {
    err = {type = "list", help = "only these errors, such as ENOENT,EACCES"},
    calls = {type = "calls", default = "*", help = "which calls, as for -t"},
    top = {type = "number", default = 20, help = "how many rows to show, 0 for all"},
  },
  examples = {
    "luatrace -s errsnoop git status",
    "luatrace -s errsnoop -a err=EACCES,EPERM ./server",
  },
  caveats = "Many failures are normal: a search along a path fails until it finds. "
    .. "Calls that a signal interrupts are left out: they may be restarted.",
}

local failures = agg("failed calls", {key = {"call", "error", "on"}, top = args.top})

local when = {ok = false}
if #args.err > 0 then when.err = args.err end

on(args.calls, {when = when}, function(ev)
  -- ERESTARTSYS and its like are the kernel's own: EINTR or a restart follows.
  -- rt_sigreturn "returns" what the interrupted call had.
  if ev.err:find("^ERESTART") or ev.name == "rt_sigreturn" then return end
  failures:count(ev.name, ev.err, ev.abspath or ev.fdpath or "-")
end)
