meta {
  name = "eatmydata",
  summary = "fsync and its family do nothing: faster, and unsafe",
  categories = {"files", "performance", "change"},
  acts = true,
  examples = {
    "luatrace -s eatmydata apt-get install -y PACKAGE",
    "luatrace -s eatmydata ./test-with-a-database",
  },
  caveats = "After a crash of the machine, data the program believes safe may be lost. "
    .. "For tests and for systems that can be made again.",
}

local skipped = agg("calls left out", {key = {"call"}})

local function skip(ev)
  ev:skip(0)
  skipped:count(ev.name)
end

on("sync:enter", skip)

on("fsync,fdatasync,syncfs,sync_file_range:enter", function(ev)
  if ev.fdpath then skip(ev) end -- else the kernel says EBADF
end)

on("msync:enter", {when = {flags = bits "MS_SYNC"}}, skip)

-- Files opened to be synchronous with each write. O_SYNC has the bit of O_DSYNC.
on("open,openat:enter", {when = {flags = bits "O_DSYNC"}}, function(ev)
  ev.flags = bit.band(ev.flags.value, bit.bnot(O_SYNC))
  skipped:count("O_SYNC")
end)

test("left out", function(t)
  t:expect(t:event("fsync", {fdpath = "/f"}).skipped)
  t:expect(t:event("fsync", {fd = 99, err = "EBADF"}).skipped, false)
  t:expect(t:event("sync").skipped)
  t:expect(t:event("msync", {flags = "MS_ASYNC"}).skipped, false)
  t:expect(t:event("msync", {flags = "MS_SYNC"}).skipped)
  t:finish()
  t:expect(t.stdout, "calls left out\ncount  call\n    1  fsync\n    1  msync\n    1  sync\n")
end)

test("files that are synchronous", function(t)
  local r = t:event("openat", {path = "/f", flags = "O_WRONLY|O_CREAT|O_SYNC", mode = 438, ret = 3})
  t:expect(r.line:match "O_WRONLY[%w_|]*", "O_WRONLY|O_CREAT")
end)
