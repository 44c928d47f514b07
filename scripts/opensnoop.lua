meta {
  name = "opensnoop",
  summary = "files opened, by whom, and how it ended",
  categories = {"files"},
  args = {
    failed = {type = "flag", help = "only opens that failed"},
    under = {type = "path", help = "only files in this directory or below it"},
    absolute = {type = "flag", help = "names made absolute, not as they were given"},
    time = {type = "flag", help = "a column with the time of each row; -tt gives it too"},
  },
  examples = {
    "luatrace -s opensnoop git status",
    "luatrace -s opensnoop -a failed make",
    "luatrace -s opensnoop -a under=/etc -p 1234",
  },
  caveats = "Opens through io_uring make no system call and are not seen.",
}

local when = {}
if args.failed then when.ok = false end
if args.under then when.path = under(args.under) end

local row = require "lib.columns"("PID:7 COMM:15 >FD:3 ERR:8 PATH", {time = args.time})

on("open,openat,openat2,creat", {when = when}, function(ev)
  local path = args.absolute and ev.abspath or ev.path
  row(ev.pid, ev.comm, ev.ret, ev.err, path or "?")
end)

test("opened, and missing", {args = {absolute = true}}, function(t)
  t:event("openat", {path = "hosts", cwd = "/etc", flags = "O_RDONLY", ret = 3})
  t:event("openat", {path = "/none", flags = "O_RDONLY", err = "ENOENT"})
  t:expect(t.stdout, "PID     COMM             FD ERR      PATH\n"
    .. "1000    test              3 -        /etc/hosts\n1000    test             -1 ENOENT   /none\n")
end)

test("only failures below a directory", {args = {failed = true, under = "/etc"}}, function(t)
  t:event("openat", {path = "/etc/hosts", flags = "O_RDONLY", ret = 3})
  t:event("openat", {path = "/etc/../none", flags = "O_RDONLY", err = "ENOENT"})
  t:event("openat", {path = "/etc/none", flags = "O_RDONLY", err = "ENOENT"})
  t:expect(t.stdout:match "\n(.*)", "1000    test             -1 ENOENT   /etc/none\n")
end)
