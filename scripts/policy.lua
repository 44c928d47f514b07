meta {
  name = "policy",
  summary = "what a program may do: learn it, then hold it to that",
  categories = {"security", "files", "network", "change"},
  acts = true,
  args = {
    learn = {type = "flag", help = "write a policy of what was done (to -o FILE)"},
    seccomp = {type = "flag", help = "write a seccomp profile of the calls made, as container engines take it"},
    file = {type = "path", help = "the policy to hold the program to"},
    errno = {type = "errno", default = "EACCES", help = "the error the program gets"},
    report = {type = "flag", help = "only say what would be denied"},
  },
  examples = {
    "luatrace -o app.policy -s policy -a learn cat /etc/hostname",
    "luatrace -s policy -a file=app.policy cat /etc/passwd",
    "luatrace -o profile.json -s policy -a seccomp ls",
  },
  caveats = "For tests and for finding out, no wall against an enemy: another thread can "
    .. "change a name after it was looked at, links are not followed, and io_uring is not seen. "
    .. "A profile has the calls of this run; another run may need more.",
}

-- A policy has one rule a line, the first that fits decides:
--   allow read /usr/**    deny write /etc/*    allow connect 127.0.0.1:*    default deny
-- Kinds are read, write, exec, connect, bind.

local address = require "lib.address"

local flags_that_write = {O_WRONLY = true, O_RDWR = true, O_CREAT = true, O_TRUNC = true}
local kinds = {read = true, write = true, exec = true, connect = true, bind = true}

local function wants(ev)
  local name = ev.name
  if name:find "^exec" then return "exec" end
  if name:find "^open" then
    local flags = name == "openat2" and ev.how.flags or ev.flags
    for _, f in ipairs(flags:names()) do
      if flags_that_write[f] then return "write" end
    end
    return "read"
  end
  if name:find "^stat" or name:find "stat" or name:find "^f?access" or name:find "^readlink" or name:find "^chdir"
    or name:find "^l?getxattr" or name:find "^l?listxattr" or name == "getcwd" then
    return "read"
  end
  return "write"
end

-- "/a/./b/../c" -> "/a/c": a name can't step out of what its rule says.
local function clean(path)
  local parts = {}
  for part in path:gmatch "[^/]+" do
    if part == ".." then
      parts[#parts] = nil
    elseif part ~= "." then
      parts[#parts + 1] = part
    end
  end
  return "/" .. table.concat(parts, "/")
end

local rules, fallback = {}, "deny"

local function read(path)
  local f, err = io.open(path)
  if not f then error("-a file: " .. err, 0) end
  local n = 0
  for line in f:lines() do
    n = n + 1
    line = line:gsub("^%s+", ""):gsub("%s+$", "")
    local verdict, kind, pattern = line:match "^(%a+)%s+(%a+)%s+(.+)$"
    local last = line:match "^default%s+(%a+)$"
    if last == "allow" or last == "deny" then
      fallback = last
    elseif (verdict == "allow" or verdict == "deny") and kinds[kind] then
      rules[#rules + 1] = {verdict = verdict, kind = kind, glob = glob(pattern)}
    elseif line ~= "" and line:sub(1, 1) ~= "#" then
      error(("%s:%d: \"allow|deny read|write|exec|connect|bind PATTERN\" or \"default allow|deny\" is wanted"):format(path, n), 0)
    end
  end
  f:close()
end

local function decide(kind, what)
  for _, r in ipairs(rules) do
    if r.kind == kind and r.glob:test(what) then return r.verdict end
  end
  return fallback
end

local seen, calls = {}, {}

local function check(ev, kind, what)
  if args.learn then seen[kind .. " " .. what] = true end
  if not args.file or decide(kind, what) == "allow" then return true end
  printf("%s: %d %s %s %s\n", args.report and "would deny" or "denied", ev.pid, ev.comm, kind, what)
  if not args.report then ev:fail(args.errno) end
  return args.report
end

if args.file then read(args.file) end
if not (args.file or args.learn or args.seccomp) then
  error("say what to do: -a learn, -a seccomp or -a file=POLICY", 0)
end

if args.file or args.learn then
  on("%file:enter", function(ev)
    local kind = wants(ev)
    for _, path in pairs(ev.paths) do
      if not check(ev, kind, clean(path)) then return end
    end
  end)
  on("connect,bind:enter", function(ev)
    local to = address.text(ev.addr)
    if to then check(ev, ev.name, to) end
  end)
  on("sendto:enter", function(ev)
    local to = ev.dest_addr and address.text(ev.dest_addr)
    if to then check(ev, "connect", to) end
  end)
end

if args.seccomp then
  on("*:enter", function(ev) calls[ev.name] = true end)
end

local function sorted(set)
  local list = {}
  for k in pairs(set) do list[#list + 1] = k end
  table.sort(list)
  return list
end

on("end", function()
  if args.learn then
    for _, line in ipairs(sorted(seen)) do printf("allow %s\n", line) end
    printf("default deny\n")
  end
  if args.seccomp then
    emit {defaultAction = "SCMP_ACT_ERRNO", defaultErrnoRet = EPERM,
      architectures = {"SCMP_ARCH_X86_64"},
      syscalls = {{names = json.array(sorted(calls)), action = "SCMP_ACT_ALLOW"}}}
  end
end)

test("learn", {args = {learn = true}}, function(t)
  t:event("openat", {path = "etc/../etc/hosts", cwd = "/", flags = "O_RDONLY", ret = 3})
  t:event("openat", {path = "/tmp/x", flags = "O_WRONLY|O_CREAT", mode = 438, ret = 3})
  t:event("newfstatat", {path = "/etc/hosts"})
  t:event("execve", {path = "/bin/ls", argv = {"ls"}})
  t:event("connect", {addr = {sa_family = "AF_INET", sin_port = 80, sin_addr = "1.2.3.4"}})
  t:finish()
  t:expect(t.stdout, "allow connect 1.2.3.4:80\nallow exec /bin/ls\nallow read /etc/hosts\nallow write /tmp/x\ndefault deny\n")
end)

test("a profile", {args = {seccomp = true}}, function(t)
  t:event("read", {fd = 3})
  t:event("read", {fd = 3})
  t:event("getpid")
  t:finish()
  local profile = json.decode(t.stdout)
  t:expect(profile.syscalls[1].names, {"getpid", "read"})
  t:expect(profile.defaultAction, "SCMP_ACT_ERRNO")
end)
