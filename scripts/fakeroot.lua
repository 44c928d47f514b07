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
    .. "check real rights: other people's files stay closed. Devices made by mknod are empty files. "
    .. "A program that changes its ids sees success, and is still root.",
}

-- What was said about a file, by its absolute name.
local identity, paths = require "lib.identity", require "lib.paths"
local sets, stat = require "lib.sets", require "lib.stat"
local said = paths.follow {}

-- Which file a call means: by name, or by its descriptor.
local function file(ev) return paths.clean(ev.abspath or ev.fdpath or "?") end

local function about(ev)
  local path = file(ev)
  said[path] = said[path] or {}
  return said[path]
end

-- The call is made without owners: that changes nothing, and whether the file
-- is there the kernel says.
on("chown,lchown,fchown,fchownat:enter", {on_error = "EPERM"}, function(ev)
  local uid, gid = ev.owner, ev.group
  ev.owner, ev.group = -1, -1
  ev:onexit(function(ev)
    if not ev.ok then return end
    local s = about(ev)
    if uid >= 0 then s.uid = uid end
    if gid >= 0 then s.gid = gid end
  end)
end)

on("mknod,mknodat:enter", {on_error = "EPERM"}, function(ev)
  local kind = bit.band(ev.mode, S_IFMT)
  if kind ~= S_IFCHR and kind ~= S_IFBLK then return end
  local mode, dev = ev.mode, ev.dev
  ev.mode = bit.bor(S_IFREG, bit.band(mode, tonumber("777", 8)))
  ev:onexit(function(ev)
    if not ev.ok then return end
    local s = about(ev)
    s.kind, s.dev = kind, dev
  end)
end)

-- The own files are root's.
local function shown(id, own, changed) return changed or (id == own and 0 or id) end

stat.each(function(ev, st, prefix)
  local s = said[file(ev)] or {}
  identity.learn(ev)
  local uid, gid, mode = prefix .. "uid", prefix .. "gid", prefix .. "mode"
  st[uid], st[gid] = shown(st[uid], identity.uid, s.uid), shown(st[gid], identity.gid, s.gid)
  if not s.kind then return end
  st[mode] = bit.bor(bit.band(st[mode], tonumber("7777", 8)), s.kind)
  stat.device(st, prefix, s.dev)
end)

on("end", function()
  if not args.list then return end
  for _, path in ipairs(sets.sorted(said)) do
    local s = said[path]
    if output.json then
      emit {file = path, uid = s.uid, gid = s.gid}
    else
      printf("%s:%s %s\n", s.uid or "-", s.gid or "-", path)
    end
  end
end)

test("who am I, and whose is it", {args = {list = true}}, function(t)
  t:expect(t:event("geteuid", {ret = 1000}).ret, 0)
  t:expect(t:event("setuid", {uid = 5}).skipped)
  local r = t:event("fchownat", {path = "f", cwd = "/d", owner = 7, group = 8})
  t:expect(r.args.owner, -1)
  t:expect(r.args.group, -1)
  t:expect(t:event("fchownat", {path = "nope", owner = 7, group = 8, err = "ENOENT"}).err, "ENOENT")
  t:event("rename", {oldpath = "/d", newpath = "/e"})
  t:finish()
  t:expect(t.stdout, "7:8 /e/f\n")
end)

test("stat", function(t)
  t:event("fchown", {fd = 3, fdpath = "/mine", owner = 7, group = -1})
  local function ids(path, uid)
    local r = t:event("newfstatat", {path = path, files = {status = "Uid:\t1000\t1000\nGid:\t1000\t1000\n"},
      statbuf = {st_mode = "S_IFREG|0644", st_uid = uid, st_gid = 1000}})
    return r.full:match "st_uid=%d+, st_gid=%d+"
  end
  t:expect(ids("/mine", 1000), "st_uid=7, st_gid=0")
  t:expect(ids("/mine/", 1000), "st_uid=7, st_gid=0")
  t:expect(ids("/untouched", 1000), "st_uid=0, st_gid=0")
  t:expect(ids("/another", 33), "st_uid=33, st_gid=0")
end)
