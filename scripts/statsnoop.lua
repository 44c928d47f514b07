meta {
  name = "statsnoop",
  summary = "files asked about with the stat family, and how it ended",
  categories = {"files"},
  args = {
    failed = {type = "flag", help = "only calls that failed"},
    under = {type = "path", help = "only files in this directory or below it"},
    time = {type = "flag", help = "a column with the time of each row; -tt gives it too"},
  },
  examples = {
    "luatrace -s statsnoop git status",
    "luatrace -s statsnoop -a failed python3 -c 'import json'",
  },
  caveats = "Calls on a descriptor (fstat) are left out: the file is open already.",
}

-- Calls without a path, or with an empty one, do not meet the condition.
local when = {path = args.under and under(args.under) or ne("")}
if args.failed then when.ok = false end

local row = require "lib.columns"("PID:7 COMM:15 CALL:10 ERR:8 PATH", {time = args.time})

on("%%stat,%%statfs", {when = when}, function(ev)
  row(ev.pid, ev.comm, ev.name, ev.err, ev.path)
end)

test("by name, not by descriptor", function(t)
  t:event("newfstatat", {path = "/etc/hosts"})
  t:event("newfstatat", {path = "", fdpath = "/etc/hosts"})
  t:event("statx", {path = "none", err = "ENOENT"})
  t:expect(t.stdout:match "\n(.*)", "1000    test            newfstatat -        /etc/hosts\n"
    .. "1000    test            statx      ENOENT   none\n")
end)

test("only failures", {args = {failed = true}}, function(t)
  t:event("newfstatat", {path = "/etc/hosts"})
  t:expect(t.stdout:find "hosts", nil)
end)
