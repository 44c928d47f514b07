meta {
  name = "tcpconnect",
  summary = "connections to other machines: where to, how it ended",
  categories = {"network"},
  examples = {
    "luatrace -s tcpconnect curl -s http://example.com",
    "luatrace -s tcpconnect -p 1234",
  },
  caveats = "EINPROGRESS is a connect that goes on in the background; how that ends is not "
    .. "shown. TCP and UDP look alike here.",
}

on("begin", function()
  printf("%-7s %-15s %9s %-12s %s\n", "PID", "COMM", "MS", "ERR", "ADDRESS")
end)

on("connect", function(ev)
  print(ev.addr)
end)
