meta {
  name = "errsnoop",
  summary = "calls that failed, by call, error and file",
  categories = {"errors", "counts"},
  args = {
    err = {type = "list", help = "only these errors, such as ENOENT,EACCES"},
    calls = {type = "string", default = "*", help = "which calls: a spec, as of -t"},
    top = {type = "number", default = 20, help = "how many rows to show, 0 for all"},
  },
  examples = {
    "luatrace -s errsnoop git status",
    "luatrace -s errsnoop -a err=EACCES,EPERM ./server",
  },
  caveats = "Many failures are normal: a search along a path fails until it finds.",
}

local failures = agg("failed calls", {key = {"call", "error", "on"}, top = args.top})

local when = {ok = false}
if #args.err > 0 then when.err = args.err end

on(args.calls, {when = when}, function(ev)
  -- A call that a signal interrupts, to be restarted, has not failed yet.
  if ev.err:find("^ERESTART") then return end
  failures:count(ev.name, ev.err, ev.abspath or ev.fdpath or "-")
end)
