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

local wanted, shown = {}, false
require "lib.empty"(function() return shown end, "no program was started")
for _, name in ipairs(args.vars) do wanted[name] = true end

on("execve,execveat", {when = {ok = true}}, function(ev)
  local list = {}
  shown = true
  for _, var in ipairs(ev.envp or {}) do
    if wanted.ALL or wanted[var:match("^[^=]*")] then list[#list + 1] = var end
  end
  if output.json then return emit {pid = ev.pid, argv = json.array(ev.argv or {}), env = json.array(list)} end
  printf("%d %s\n", ev.pid, table.concat(ev.argv or {}, " "))
  for _, var in ipairs(list) do printf("    %s\n", var) end
end)

test("chosen and all", {args = {vars = "HOME"}}, function(t)
  t:event("execve", {path = "/bin/x", argv = {"x", "1"}, envp = {"PATH=/bin", "HOME=/root", "HOMER=no"}})
  t:event("execve", {path = "/none", argv = {"none"}, envp = {"HOME=/"}, err = "ENOENT"})
  t:expect(t.stdout, "1000 x 1\n    HOME=/root\n")
end)
