meta {
  name = "redirect",
  summary = "one file or directory in the place of another",
  categories = {"files", "change"},
  acts = true,
  args = {
    from = {type = "path", required = true, help = "the name the program uses"},
    to = {type = "path", required = true, help = "what it gets"},
  },
  examples = {
    "luatrace -s redirect -a from=/etc/hosts -a to=./hosts curl -s http://myhost/",
    "luatrace -s redirect -a from=/etc/app -a to=./test-config ./app",
  },
  caveats = "Names are compared, absolute or relative, but symbolic links are not "
    .. "followed: another name of the same file is not redirected.",
}

local access, from = require "lib.access", under(args.from)

-- All calls that take a path: open, stat, access, exec, rename, unlink ...
on("%file:enter", {on_error = "EACCES"}, function(ev)
  for name, path in pairs(ev.paths) do
    if from:test(path) then
      ev.args[name] = args.to .. path:sub(#args.from + 1)
    end
  end
  -- The program would get its own file, and nobody would know.
  local name, unknown = next(ev.unplaced)
  if unknown and access.unread(ev, name) then return ev:fail "EFAULT" end
  if unknown then
    error(("nobody knows whether %q is to be redirected, nor what it is relative to"):format(unknown), 0)
  end
end)

test("names below it, and others", {args = {from = "/a", to = "/b"}}, function(t)
  t:expect(t:event("openat", {path = "/a/x", flags = "O_RDONLY", ret = 3}).args.path, "/b/x")
  t:expect(t:event("newfstatat", {path = "x", cwd = "/a/sub"}).args.path, "/b/sub/x")
  t:expect(t:event("openat", {path = "/ab", flags = "O_RDONLY", ret = 3}).args.path, "/ab")
  t:expect(t:event("rename", {oldpath = "/c", newpath = "/a"}).args.newpath, "/b")
end)
