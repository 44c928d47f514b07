meta {
  name = "execsnoop",
  summary = "programs run: their arguments, and who ran them",
  categories = {"processes"},
  args = {
    failed = {type = "flag", help = "also attempts that failed, such as a search of PATH"},
    time = {type = "flag", help = "a column with the time of each row; -tt gives it too"},
  },
  examples = {
    "luatrace -s execsnoop make",
    "luatrace -s execsnoop -a failed sh -c 'ls | sort'",
  },
  caveats = "PCOMM is the name before the call. Processes that only fork are not shown.",
}

-- A word as one would type it in a shell.
local function quoted(word)
  if word:find("^[%w@%%+=:,./_-]+$") then return word end
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

local function command(ev)
  local words = {}
  for i, word in ipairs(ev.argv or {}) do words[i] = quoted(word) end
  return table.concat(words, " ")
end

local row = require "lib.columns"("PCOMM:15 PID:7 PPID:7 ERR:8 COMMAND", {time = args.time})

on("execve,execveat:enter", function(ev)
  local pcomm = ev.comm
  ev:onexit(function(ev)
    if ev.ok or args.failed then
      row(pcomm, ev.pid, ev.ppid, ev.err, command(ev))
    end
  end)
end)

test("words as in a shell", {args = {failed = true}}, function(t)
  t:event("execve", {comm = "sh", ppid = 7, path = "/bin/ls", argv = {"ls", "-l", "a b", "it's"}})
  t:event("execve", {comm = "sh", ppid = 7, path = "/none", argv = {"none"}, err = "ENOENT"})
  t:expect(t.stdout:match "\n(.*)", "sh              1000    7       -        ls -l 'a b' 'it'\\''s'\n"
    .. "sh              1000    7       ENOENT   none\n")
end)

test("only those that ran", function(t)
  t:event("execve", {path = "/none", argv = {"none"}, err = "ENOENT"})
  t:expect(select(2, t.stdout:gsub("\n", "")), 1) -- the header
end)
