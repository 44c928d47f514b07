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
    .. "change a name after it was looked at, and links are not followed. io_uring and open_by_handle_at, which show "
    .. "no name, are denied, and other tracers. Only internet and unix addresses are judged. Descriptors are "
    .. "judged when they are opened, inherited ones are not. Names of temporary files and process ids are learned as "
    .. "patterns. Relative names are denied where nobody can tell to what, and so is what can't be read. A profile "
    .. "has only what this run called.",
}

local access, address, names = require "lib.access", require "lib.address", require "lib.names"
local rules, learned = require "lib.rules", require "lib.temporary".record()

if not (args.file or args.learn or args.seccomp) then
  error("say what to do: -a learn, -a seccomp or -a file=POLICY", 0)
end
local decide = args.file and rules.read(args.file)

local function check(ev, kind, what, unplaced, err)
  if args.learn and not unplaced then learned.add(ev, kind, what) end
  if not decide or not unplaced and decide(kind, what) == "allow" then return true end
  local verdict = args.report and "would deny" or "denied"
  if output.json then
    emit {verdict = verdict, pid = ev.pid, comm = ev.comm, kind = kind, what = what}
  else
    printf("%s: %d %s %s %s\n", verdict, ev.pid, ev.comm, kind, what)
  end
  if not args.report then ev:fail(err or args.errno) end
  return args.report
end

-- What can't be judged is denied.
local closed = {on_error = decide and not args.report and args.errno or "continue"}

if args.file or args.learn then
  on("%file:enter", closed, function(ev)
    local kind = access.kind(ev)
    for name, path in pairs(ev.paths) do
      if (ev.args[name] or "") ~= "" or kind == "exec" then -- else it is about a descriptor that the program has
        for _, what in ipairs(names.all(ev, path)) do
          if not check(ev, kind, what or path, not what) then return end
        end
      end
    end
    for name, path in pairs(ev.unplaced) do check(ev, kind, path, true, access.unread(ev, name) and "EFAULT") end
  end)
  on(names.nameless .. ":enter", closed, function(ev)
    if decide then return check(ev, "call", ev.name, true) end
    notice(("policy: %s shows no names: -a file= will deny it"):format(ev.name))
  end)
  on("connect,bind,sendto,sendmsg,sendmmsg:enter", closed, function(ev)
    for _, to in ipairs(address.named(ev)) do
      if not check(ev, ev.name == "bind" and "bind" or "connect", to, to == address.unread) then return end
    end
  end)
end

local profile = args.seccomp and require "lib.profile".record()

on("end", function()
  if args.learn then
    if output.json then return emit {allow = json.array(learned.lines()), default = "deny"} end
    for _, line in ipairs(learned.lines()) do printf("allow %s\n", line) end
    printf("default deny\n")
  end
  if profile then profile() end
end)

test("learn", {args = {learn = true}}, function(t)
  t:event("openat", {path = "etc/../etc/hosts", cwd = "/", flags = "O_RDONLY", ret = 3})
  t:event("openat", {path = "/tmp/x", flags = "O_WRONLY|O_CREAT", mode = 438, ret = 3})
  t:event("newfstatat", {path = "/etc/hosts"})
  t:event("execve", {path = "/bin/ls", argv = {"ls"}})
  t:event("connect", {addr = {sa_family = "AF_INET", sin_port = 80, sin_addr = "1.2.3.4"}})
  t:event("sendto", {fd = 3, buf = "x"})
  t:finish()
  t:expect(t.stdout, "allow connect 1.2.3.4:80\nallow exec /bin/ls\nallow read /etc/hosts\nallow write /tmp/x\ndefault deny\n")
end)

test("an address without a family", {args = {learn = true}}, function(t)
  t:event("sendto", {fd = 3, buf = "x", dest_addr = {sa_family = "AF_UNSPEC", sa_data = "\0\9\1\2\3\4\0\0\0\0\0\0\0\0"}})
  t:finish()
  t:expect(t.stdout, "allow connect 1.2.3.4:9\ndefault deny\n")
end)

test("what a descriptor stands for was judged before", {args = {learn = true}}, function(t)
  t:event("newfstatat", {dirfd = 1, path = "", fds = {[1] = "/home/me/out"}, flags = "AT_EMPTY_PATH"})
  t:event("execveat", {dirfd = 3, path = "", fds = {[3] = "/bin/ls"}, argv = {"ls"}, flags = "AT_EMPTY_PATH"})
  t:finish()
  t:expect(t.stdout, "allow exec /bin/ls\ndefault deny\n")
end)

test("made up names", {args = {learn = true}}, function(t)
  local function make(path, exe) t:event("openat", {path = path, exe = exe, flags = "O_RDWR|O_CREAT|O_EXCL", mode = 384, ret = 3}) end
  make "/tmp/ccabcdef.s"
  t:event("openat", {path = "/tmp/ccabcdef.s", flags = "O_RDONLY", ret = 3})
  make "/tmp/tmp.Xb3dEfGh12"
  make("/tmp/tmpab_d1234.txt", "/usr/bin/python3.11")
  make "/home/me/config.lock"
  make("/home/me/run.1000", "/bin/sh")
  t:event("mkdir", {path = "/tmp/go-build123456789", mode = 448})
  t:event("mkdir", {path = "/tmp/results", mode = 511})
  t:event("openat", {path = "/tmp/go-build123456789/b001/x.a", flags = "O_RDONLY", err = "ENOENT"})
  t:event("readlink", {path = "/proc/1000/exe", buf = "x"})
  t:finish()
  t:expect(t.stdout, [[
allow read /proc/*/exe
allow read /tmp/cc??????.s
allow read /tmp/go-build*/b001/x.a
allow write /home/me/config.lock
allow write /home/me/run.*
allow write /tmp/cc??????.s
allow write /tmp/go-build*
allow write /tmp/results
allow write /tmp/tmp.??????????
allow write /tmp/tmp????????.txt
default deny
]])
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
