meta {
  name = "statsnoop",
  summary = "files asked about with the stat family, and how it ended",
  categories = {"files"},
  args = {
    failed = {type = "flag", help = "only calls that failed"},
    under = {type = "path", help = "only files in this directory or below it"},
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

on("begin", function()
  printf("%-7s %-15s %-10s %-8s %s\n", "PID", "COMM", "CALL", "ERR", "PATH")
end)

on("%%stat,%%statfs", {when = when}, function(ev)
  printf("%-7d %-15s %-10s %-8s %s\n", ev.pid, ev.comm, ev.name, ev.err or "-", ev.path)
end)
