meta {
  name = "opensnoop",
  summary = "files opened, by whom, and how it ended",
  categories = {"files"},
  args = {
    failed = {type = "flag", help = "show only opens that failed"},
    under = {type = "path", help = "show only files below this directory"},
  },
  examples = {"luatrace -s opensnoop git status", "luatrace -s opensnoop -a failed=1 -p 1234"},
  caveats = "Opens through io_uring make no system call and are not seen.",
}

printf("%-7s %-15s %4s %-11s %s\n", "PID", "COMM", "FD", "ERR", "PATH")

on("open,openat,openat2,creat", function(ev)
  if args.failed and ev.ok then return end
  if args.under and not (ev.abspath or ""):find(args.under, 1, true) then return end
  printf("%-7d %-15s %4d %-11s %s\n", ev.pid, ev.comm, ev.ret, ev.err or "-", ev.path or "?")
end)
