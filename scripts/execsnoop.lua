meta {
  name = "execsnoop",
  summary = "programs run: their arguments, and who ran them",
  categories = {"processes"},
  args = {
    failed = {type = "flag", help = "also attempts that failed, such as a search of PATH"},
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

local row = require "lib.columns" "PCOMM:15 PID:7 PPID:7 ERR:8 COMMAND"

on("execve,execveat:enter", function(ev)
  local pcomm = ev.comm
  ev:onexit(function(ev)
    if ev.ok or args.failed then
      row(pcomm, ev.pid, ev.ppid, ev.err, command(ev))
    end
  end)
end)
