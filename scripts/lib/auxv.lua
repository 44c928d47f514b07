-- The auxiliary vector that the kernel leaves on the stack of a new program
-- (getauxval(3)): where the vDSO is, and where 16 random bytes are. Changed in
-- a hook on proc:exec, before the program's first instruction.
local M = {}

local AT_IGNORE, AT_RANDOM, AT_SYSINFO, AT_SYSINFO_EHDR = 1, 25, 32, 33

-- Calls fn(type, value, address of the type) for each entry.
local function each(ev, fn)
  local mem, word = ev.mem, 8
  local function get(at)
    local v = word == 8 and mem:u64(at) or mem:u32(at)
    return v and (word == 8 and v:number() or v)
  end
  local regs = ev.regs
  local at = pcall(function() return regs.rsp end) and regs.rsp or regs.sp -- amd64 or arm64
  if (ev.exe or "") ~= "" and (mem:read(at, 8) or ""):sub(5) ~= "\0\0\0\0" then word = 4 end -- a 32-bit program's argc
  local function skip() -- to behind the next null pointer
    for _ = 1, 1e6 do
      local v = get(at)
      at = at + word
      if not v or v == 0 then return v end
    end
  end
  at = at + word
  if not skip() or not skip() then return end
  for _ = 1, 64 do
    local kind, value = get(at), get(at + word)
    if not value or kind == 0 then return end
    fn(kind, value, at)
    at = at + 2 * word
  end
end

-- Without the vDSO the C library makes real calls for the time.
function M.without_vdso(ev)
  each(ev, function(kind, _, at)
    if kind == AT_SYSINFO_EHDR or kind == AT_SYSINFO then ev.mem:write(at, string.char(AT_IGNORE)) end
  end)
end

-- Replaces the random bytes, from which stack guards and the like are made.
function M.random(ev, bytes)
  each(ev, function(kind, value)
    if kind == AT_RANDOM then ev.mem:write(value, bytes:sub(1, 16)) end
  end)
end

return M
