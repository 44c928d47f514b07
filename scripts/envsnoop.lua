meta {
  name = "envsnoop",
  summary = "environment variables that programs are started with",
  categories = {"processes"},
  args = {
    vars = {type = "list", default = "PATH,LD_PRELOAD,LD_LIBRARY_PATH",
      help = "names of variables, or ALL"},
  },
  examples = {
    "luatrace -s envsnoop -a vars=LANG,LC_ALL make",
    "luatrace -s envsnoop -a vars=ALL sh -c 'FOO=1 ls'",
  },
  caveats = "Values may be secret: mind who reads the output.",
}

local wanted = {}
for _, name in ipairs(args.vars) do wanted[name] = true end

on("execve,execveat", {when = {ok = true}}, function(ev)
  printf("%d %s\n", ev.pid, table.concat(ev.argv or {}, " "))
  for _, var in ipairs(ev.envp or {}) do
    if wanted.ALL or wanted[var:match("^[^=]*")] then printf("    %s\n", var) end
  end
end)
