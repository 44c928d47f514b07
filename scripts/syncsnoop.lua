meta {
  name = "syncsnoop",
  summary = "fsync and its family: who waits for the disk, how long",
  categories = {"files", "performance"},
  examples = {
    "luatrace -s syncsnoop dd if=/dev/zero of=x bs=1M count=1 conv=fsync",
    "luatrace -s syncsnoop -p 1234",
  },
  caveats = "Writes to files opened with O_SYNC wait too and are not shown.",
}

local row = require "lib.columns" "PID:7 COMM:15 CALL:15 >MS:9.3 ERR:6 FILE"

on("sync,syncfs,fsync,fdatasync,sync_file_range,msync", function(ev)
  row(ev.pid, ev.comm, ev.name, ev.duration * 1e3, ev.err, ev.fdpath)
end)
