meta {
  name = "fakeroot",
  summary = "a program believes it is root, and that its files can be anybody's",
  categories = {"files", "change"},
  acts = true,
  args = {
    list = {type = "flag", help = "show at the end what was given to whom"},
  },
  examples = {
    "luatrace -s fakeroot id -u",
    "luatrace -o /dev/null -s fakeroot sh -c 'touch f && chown 7:8 f && tar cf x.tar f && tar tvf x.tar'",
  },
  caveats = "Owners are remembered by name and only for this run. The kernel goes on to "
    .. "check real rights: other people's files stay closed. Devices made by mknod are empty files.",
}

-- What was said about a file, by its absolute name.
local said = {}
local owner, group -- of files that nobody has changed, as they really are

local function about(path)
  local s = said[path] or {}
  said[path] = s
  return s
end

on("getuid,geteuid,getgid,getegid", {when = {ok = true}}, function(ev)
  if ev.name:find "uid" then owner = owner or ev.ret else group = group or ev.ret end
  ev.ret = 0
end)
on("getresuid,getresgid", {when = {ok = true}}, function(ev)
  for i = 1, 3 do ev.mem:write(ev.raw[i], "\0\0\0\0") end
end)
on("getgroups", {when = {ok = true}}, function(ev)
  if ev.size > 0 and ev.ret > 0 then
    ev.mem:write(ev.raw[2], "\0\0\0\0")
    ev.ret = 1
  end
end)
on("/^set(re|res|fs)?[ug]id$/,setgroups,capset:enter", function(ev) ev:skip(0) end)

-- Which file a call means: by name, or by its descriptor.
local function file(ev) return ((ev.abspath or ev.fdpath or "?"):gsub("(.)/$", "%1")) end

on("chown,lchown,fchown,fchownat", function(ev)
  if not ev.ok and ev.err ~= "EPERM" then return end
  local s = about(file(ev))
  if ev.owner >= 0 then s.uid = ev.owner end
  if ev.group >= 0 then s.gid = ev.group end
  ev.ret = 0
end)

on("mknod,mknodat:enter", function(ev)
  local kind = bit.band(ev.mode, S_IFMT)
  if kind ~= S_IFCHR and kind ~= S_IFBLK then return end
  local mode, dev = ev.mode, ev.dev
  ev.mode = bit.bor(S_IFREG, bit.band(mode, tonumber("777", 8)))
  ev:onexit(function(ev)
    if ev.ok then
      local s = about(file(ev))
      s.kind, s.dev = kind, dev
    end
  end)
end)

-- The owner's id as root sees it: the own files are root's.
local function shown(id, own, changed)
  if changed then return changed end
  return (own == nil or id == own) and 0 or id
end

local function dress(ev, st, uid, gid, mode)
  local s = said[file(ev)] or {}
  st[uid], st[gid] = shown(st[uid], owner, s.uid), shown(st[gid], group, s.gid)
  if s.kind then st[mode] = bit.bor(bit.band(st[mode], tonumber("7777", 8)), s.kind) end
  return s
end

on("stat,lstat,fstat,newfstatat", {when = {ok = true}}, function(ev)
  local s = dress(ev, ev.statbuf, "st_uid", "st_gid", "st_mode")
  if s.dev then ev.statbuf.st_rdev = s.dev end
end)
on("statx", {when = {ok = true}}, function(ev)
  local st = ev.statxbuf
  local s = dress(ev, st, "stx_uid", "stx_gid", "stx_mode")
  if s.dev then -- as makedev(3) puts them together
    st.stx_rdev_major = bit.band(bit.rshift(s.dev, 8), 0xfff)
    st.stx_rdev_minor = bit.bor(bit.band(s.dev, 0xff), bit.band(bit.rshift(s.dev, 12), 0xfff00))
  end
end)

on("rename,renameat,renameat2", {when = {ok = true}}, function(ev)
  local from, to, moved = ev.paths.oldpath, ev.paths.newpath, {}
  for path, s in pairs(said) do
    if path == from or path:sub(1, #from + 1) == from .. "/" then moved[path] = s end
  end
  for path, s in pairs(moved) do
    said[path], said[to .. path:sub(#from + 1)] = nil, s
  end
end)
on("link,linkat", {when = {ok = true}}, function(ev) said[ev.paths.newpath] = said[ev.paths.oldpath] end)
on("unlink,unlinkat,rmdir", {when = {ok = true}}, function(ev) said[ev.abspath] = nil end)

on("end", function()
  if not args.list then return end
  local names = {}
  for path in pairs(said) do names[#names + 1] = path end
  table.sort(names)
  for _, path in ipairs(names) do
    local s = said[path]
    printf("%s:%s %s\n", s.uid or "-", s.gid or "-", path)
  end
end)

test("who am I, and whose is it", {args = {list = true}}, function(t)
  t:expect(t:event("geteuid", {ret = 1000}).ret, 0)
  t:expect(t:event("setuid", {uid = 5}).skipped)
  t:expect(t:event("fchownat", {path = "f", cwd = "/d", owner = 7, group = 8, err = "EPERM"}).ret, 0)
  t:expect(t:event("fchownat", {path = "nope", owner = 7, group = 8, err = "ENOENT"}).err, "ENOENT")
  local stat = {path = "/d/f", statbuf = {st_mode = "S_IFREG|0644", st_uid = 1000, st_gid = 1000}}
  local r = t:event("newfstatat", stat)
  t:event("rename", {oldpath = "/d", newpath = "/e"})
  t:finish()
  t:expect(t.stdout, "7:8 /e/f\n")
end)

test("stat", function(t)
  t:event("getuid", {ret = 1000})
  t:event("getgid", {ret = 1000})
  t:event("fchown", {fd = 3, fdpath = "/mine", owner = 7, group = -1, err = "EPERM"})
  local function ids(path, uid)
    local line = t:event("newfstatat", {path = path, statbuf = {st_mode = "S_IFREG|0644", st_uid = uid, st_gid = 1000}}).full
    return line:match "st_uid=%d+, st_gid=%d+"
  end
  t:expect(ids("/mine", 1000), "st_uid=7, st_gid=0")
  t:expect(ids("/mine/", 1000), "st_uid=7, st_gid=0")
  t:expect(ids("/untouched", 1000), "st_uid=0, st_gid=0")
  t:expect(ids("/another", 33), "st_uid=33, st_gid=0")
end)
