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
require "lib.empty"(failures, "no call failed in these ways")

local when = {ok = false}
if #args.err > 0 then when.err = args.err end

on(args.calls, {when = when}, function(ev)
  -- ERESTARTSYS and its like are the kernel's own: EINTR or a restart follows.
  -- rt_sigreturn "returns" what the interrupted call had.
  if ev.err:find("^ERESTART") or ev.name == "rt_sigreturn" then return end
  failures:count(ev.name, ev.err, ev.abspath or ev.fdpath or "-")
end)

test("what failed, and what only looks so", function(t)
  for _ = 1, 2 do t:event("openat", {path = "none", cwd = "/d", flags = "O_RDONLY", err = "ENOENT"}) end
  t:event("fsync", {fd = 9, err = "EBADF"})
  t:event("getpid")
  t:finish()
  t:expect(t.stdout, "failed calls\ncount  call    error   on\n    2  openat  ENOENT  /d/none\n    1  fsync   EBADF   -\n")
end)

test("one error", {args = {err = "EBADF"}}, function(t)
  t:event("openat", {path = "/none", flags = "O_RDONLY", err = "ENOENT"})
  t:event("fsync", {fd = 9, err = "EBADF"})
  t:finish()
  t:expect(t.stdout:find "openat", nil)
  t:shows "fsync"
end)
