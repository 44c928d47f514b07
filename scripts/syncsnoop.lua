meta {
  name = "syncsnoop",
  summary = "fsync and its family: who waits for the disk, how long",
  categories = {"files", "performance"},
  args = {
    time = {type = "flag", help = "a column with the time of each row; -tt gives it too"},
  },
  examples = {
    "luatrace -s syncsnoop dd if=/dev/zero of=x bs=1M count=1 conv=fsync",
    "luatrace -s syncsnoop -p 1234",
  },
  caveats = "Writes to files opened with O_SYNC wait too and are not shown.",
}

local row = require "lib.columns"("PID:7 COMM:15 CALL:15 >MS:9.3 ERR:6 FILE", {time = args.time})

on("sync,syncfs,fsync,fdatasync,sync_file_range,msync", function(ev)
  row(ev.pid, ev.comm, ev.name, ev.duration * 1e3, ev.err, ev.fdpath)
end)

test("three ways", function(t)
  t:event("fsync", {fdpath = "/d/f", duration = 0.0125})
  t:event("fdatasync", {fd = 99, err = "EBADF", duration = 0})
  t:event("sync", {duration = 1})
  t:expect(t.stdout:match "\n(.*)", "1000    test            fsync              12.500 -      /d/f\n"
    .. "1000    test            fdatasync           0.000 EBADF  -\n1000    test            sync             1000.000 -      -\n")
end)
