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

on("begin", function()
  printf("%-7s %-15s %-15s %9s %-6s %s\n", "PID", "COMM", "CALL", "MS", "ERR", "FILE")
end)

on("sync,syncfs,fsync,fdatasync,sync_file_range,msync", function(ev)
  printf("%-7d %-15s %-15s %9.3f %-6s %s\n",
    ev.pid, ev.comm, ev.name, ev.duration * 1e3, ev.err or "-", ev.fdpath or "-")
end)
