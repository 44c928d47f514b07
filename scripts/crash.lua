meta {
  name = "crash",
  summary = "a fatal signal: where, registers, the memory around, the maps",
  categories = {"signals", "errors"},
  args = {
    maps = {type = "flag", help = "all mappings, not only those that are involved"},
    bytes = {type = "number", default = 64, help = "how much memory to show around stack and code"},
  },
  examples = {
    "luatrace -s crash ./program",
    "luatrace -s crash -a maps -p 1234",
  },
  caveats = "Signals with a handler are left out. \"line\" is the command that names the function and, with "
    .. "debug information, the line; the number behind \"code\" is that of the same address in the file. There is no "
    .. "unwinding: look at the return addresses on the stack. A program that only calls abort() shows raise, not its "
    .. "reason.",
}

local maps = require "lib.maps"
local fatal = "SIGSEGV,SIGBUS,SIGILL,SIGFPE,SIGTRAP,SIGABRT,SIGSYS"

-- The first is where the code is, the second the stack.
local amd64 = {"rip", "rsp", "rbp", "rax", "rbx", "rcx", "rdx", "rsi", "rdi",
  "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"}
local arm64 = {"pc", "sp", "x30", "x29", "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x16", "x17"}

local function handled(ev)
  local mask = (ev.proc:file "status" or ""):match("SigCgt:%s*(%x+)")
  return mask and bit.test(u64("0x" .. mask), bit.lshift(1, ev.signo - 1))
end

-- A name as a shell reads it.
local function shell(name) return name:find "[^%w/._+-]" and "'" .. name:gsub("'", "'\\''") .. "'" or name end

local function dump(ev, title, addr)
  printf("  %s at %#x\n", title, addr)
  if type(addr) ~= "number" then return printf "    no address of a program\n" end -- above 2^53
  for at = addr, addr + args.bytes - 1, 16 do
    local bytes = ev.mem:read(at, 16)
    if not bytes then return printf("    %x: not readable\n", at) end
    printf("    %x: %s |%s|\n", at, (bytes:gsub(".", function(c) return ("%02x "):format(c:byte()) end)),
      (bytes:gsub("[^\32-\126]", ".")))
  end
end

local shown = false
require "lib.empty"(function() return shown end, "nothing crashed")

on("signal:" .. fatal, function(ev)
  if handled(ev) then return end
  shown = true
  local regs, text = ev.regs, ev.proc:file "maps" or ""
  local map = maps.read(text)
  local names = pcall(function() return regs.rip end) and amd64 or arm64
  local ip, sp = regs[names[1]], regs[names[2]]
  local where, offset = maps.find(map, ip), maps.inside(map, ev.mem, ip)
  if output.json then
    emit {pid = ev.pid, tid = ev.tid, comm = ev.comm, sig = ev.sig, code = ev.code, addr = ev.addr, ip = ip, sp = sp,
      at = where and where.line, file = where and where.file, offset = offset}
    return
  end
  local address = ev.addr and (", address %#x"):format(ev.addr) or ""
  printf("%d %s: %s, code %d%s\n", ev.tid, ev.comm, ev.sig, ev.code, address)
  for i, name in ipairs(names) do
    printf("  %-4s %016x", name, regs[name])
    if i % 3 == 0 then printf "\n" end
  end
  printf "\n"
  if where then printf("  code: %s + %#x\n", where.line, offset or u64(ip) - where.from) end
  if offset then printf("  line: addr2line -fe %s %#x\n", shell(where.file), offset) end
  local data = ev.addr and maps.find(map, ev.addr)
  if data then printf("  data: %s\n", data.line) end
  dump(ev, "code", ip)
  dump(ev, "stack", sp)
  if args.maps then
    for line in text:gmatch "[^\n]+" do printf("  %s\n", line) end
  end
end)

test("registers full of nonsense", function(t)
  t:event("signal:SIGSEGV", {code = 128, regs = {rip = 0, rsp = u64 "0xdeadbeefdeadbeef"}, files = {maps = ""}})
  t:shows "code at 0"
  t:shows "stack at 0xdeadbeefdeadbeef\n    no address of a program\n"
end)

test("a null pointer", function(t)
  local maps = "00400000-00401000 r-xp 00000000 08:01 12 /bin/x\n7ffd000f0000-7ffd00100000 rw-p 00000000 00:00 0 [stack]\n"
  t:event("signal:SIGSEGV", {comm = "x", code = 1, addr = 16, regs = {rip = 0x400123, rsp = 0x7ffd000ff000},
    files = {maps = maps, status = "SigCgt:\t0000000000000000\n"}})
  t:expect(t.stdout:match "^[^\n]+", "1000 x: SIGSEGV, code 1, address 0x10")
  t:shows "code: 00400000-00401000 r-xp 00000000 08:01 12 /bin/x + 0x123\n"
  t:shows "7ffd000ff000: 00 00"
  t:shows "400123: not readable"
  t:clear()
  t:event("signal:SIGSEGV", {code = 1, addr = 16, files = {status = "SigCgt:\t0000000000000400\n"}})
  t:expect(t.stdout, "")
end)
