meta {
  name = "filelife",
  summary = "files that are made and removed again, and their age",
  categories = {"files"},
  args = {
    time = {type = "flag", help = "a column with the time of each row; -tt gives it too"},
  },
  examples = {
    "luatrace -s filelife cc hello.c",
    "luatrace -s filelife -p 1234",
  },
  caveats = "A file counts as made when it is opened with O_CREAT, even if it was there "
    .. "before. Directories and links are not followed.",
}

local born = {} -- time by path

on("open,openat,creat", {when = {ok = true}}, function(ev)
  if ev.name == "creat" or ev.flags:has "O_CREAT" then
    local path = ev.abspath
    if path then born[path] = born[path] or ev.time end
  end
end)

on("rename,renameat,renameat2", {when = {ok = true}}, function(ev)
  local from, to = ev.paths.oldpath, ev.paths.newpath
  if from and to then born[to], born[from] = born[from], nil end
end)

local row = require "lib.columns"("PID:7 COMM:15 >AGE(s):9.3 FILE", {time = args.time})

on("unlink,unlinkat", {when = {ok = true}}, function(ev)
  local path = ev.abspath
  if path and born[path] then
    row(ev.pid, ev.comm, ev.time - born[path], path)
    born[path] = nil
  end
end)

test("made, moved, removed", function(t)
  t:event("openat", {path = "/d/a", flags = "O_WRONLY|O_CREAT", mode = 438, ret = 3})
  t:advance "2s"
  t:event("rename", {oldpath = "/d/a", newpath = "/d/b"})
  t:event("unlink", {path = "b", cwd = "/d", duration = 0})
  t:event("unlink", {path = "/d/old"})
  t:expect(t.stdout:match "\n(.*)", "1000    test                2.000 /d/b\n")
end)
