meta {
  name = "deny",
  summary = "calls on files you choose fail",
  categories = {"files", "errors", "change"},
  acts = true,
  args = {
    path = {type = "path", help = "this file"},
    under = {type = "path", help = "this directory and all below it"},
    glob = {type = "string", help = "names like this: *.pem, or /etc/**.conf with directories"},
    errno = {type = "errno", default = "EACCES", help = "the error the program gets"},
    calls = {type = "calls", default = "%file", help = "which calls, as for -t"},
    quiet = {type = "flag", help = "do not print what is denied"},
  },
  examples = {
    "luatrace -s deny -a path=/etc/passwd -a errno=ENOENT cat /etc/passwd",
    "luatrace -s deny -a under=$HOME/.ssh ./untrusted",
    "luatrace -s deny -a glob='*.py' -a calls=openat python3 x.py",
  },
  caveats = "For tests, not a sandbox: links that were there before, symbolic and hard ones, are not followed, "
    .. "another thread can change a name after the check, mounts that others made are not known. What gives a file or "
    .. "a directory above it another name is denied, and with %file io_uring and open_by_handle_at, which show none. "
    .. "So is a name if nobody knows what it is relative to. Programs can't be traced by others.",
}

local names, below = require "lib.names", args.under and under(args.under)
-- A pattern without a slash is for the last part of a name, wherever it is.
local like = args.glob and glob(args.glob:find("/") and args.glob or "**/" .. args.glob)
if not (args.path or below or like) then
  error("say what to deny: -a path=FILE, -a under=DIRECTORY or -a glob=PATTERN", 0)
end

local function denied(path)
  return path == args.path or below and below:test(path) or like and like:test(path)
end

-- Whether a directory has what is denied below it.
local function above(dir)
  local inside = under(dir)
  return args.path and inside:test(args.path) or args.under and inside:test(args.under)
end

local function fail(ev, path, err)
  err = err or args.errno
  ev:fail(err)
  if args.quiet then return end
  if output.json then
    emit {pid = ev.pid, comm = ev.comm, call = ev.name, err = err, file = path}
  else
    printf("denied: %-15s %-11s %s %s\n", ev.comm, ev.name, err, path or "?")
  end
end

on(args.calls .. ":enter", {on_error = args.errno}, function(ev)
  local path, unread = names.first(ev, denied, above)
  if path then fail(ev, path, unread and "EFAULT") end
end)
if args.calls == "%file" then on(names.nameless .. ":enter", {on_error = args.errno}, fail) end

test("a directory and a pattern", {args = {under = "/secret", glob = "*.pem"}}, function(t)
  local r = t:event("openat", {path = "/secret/x", flags = "O_RDONLY"})
  t:expect(r.skipped)
  t:expect(r.err, "EACCES")
  t:expect(t:event("unlink", {path = "key.pem", cwd = "/d"}).skipped)
  t:expect(t:event("openat", {path = "/secrets", flags = "O_RDONLY", ret = 3}).skipped, false)
  t:expect(t.stdout, "denied: test            openat      EACCES /secret/x\ndenied: test            unlink      EACCES /d/key.pem\n")
end)

test("another error, quietly", {args = {path = "/f", errno = "EIO", quiet = true}}, function(t)
  t:expect(t:event("openat", {path = "/f", flags = "O_RDONLY"}).err, "EIO")
  t:expect(t.stdout, "")
end)
