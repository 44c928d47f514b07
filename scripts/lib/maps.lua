-- What lies where in a process: /proc/PID/maps, and the ELF headers in its memory.
local M = {}

-- The lines of /proc/PID/maps as a list of {from=, to=, offset=, file=, line=};
-- from, to and offset are words, file is nil where none is mapped.
function M.read(text)
  local list = {}
  for line in text:gmatch "[^\n]+" do
    local from, to, offset, file = line:match "^(%x+)%-(%x+) %S+ (%x+) %S+ %d+%s*(.*)$"
    if from then
      list[#list + 1] = {from = u64("0x" .. from), to = u64("0x" .. to), offset = u64("0x" .. offset),
        file = file:find "^/" and file or nil, line = (line:gsub("%s+", " "))}
    end
  end
  return list
end

-- The mapping of an address, nil if there is none.
function M.find(list, addr)
  addr = u64(addr)
  for _, m in ipairs(list) do
    if addr >= m.from and addr < m.to then return m end
  end
end

-- The program headers of an ELF image at an address, as {type=, offset=, vaddr=},
-- and whether its addresses are those in memory (no PIE, no library).
local function headers(mem, base)
  local ident = mem:read(base, 6)
  if not ident or ident:sub(1, 4) ~= "\127ELF" or ident:byte(6) ~= 1 then return end -- only little endian
  local wide = ident:byte(5) == 2
  local function word(at) return wide and mem:u64(at) or mem:u32(at) end
  local start, size = word(base + (wide and 32 or 28)), mem:u16(base + (wide and 54 or 42))
  local count = mem:u16(base + (wide and 56 or 44))
  if not start or not size or not count then return end
  local list = {}
  for i = 0, math.min(count, 64) - 1 do
    local at = base + u64(start) + i * size
    list[#list + 1] = {type = mem:u32(at), offset = u64(word(at + (wide and 8 or 4)) or 0),
      vaddr = u64(word(at + (wide and 16 or 8)) or 0)}
  end
  return list, mem:u16(base + 16) == 2
end

-- An address of a mapped file as the file itself has it: what addr2line, nm and
-- objdump take. nil if it is in no file, or the file is no ELF image.
function M.inside(list, mem, addr)
  addr = u64(addr)
  local here = M.find(list, addr)
  if not here or not here.file then return end
  local base -- of the image that the mapping belongs to: the last before it
  for _, m in ipairs(list) do
    if m.from <= here.from and m.file == here.file and m.offset == u64(0) then base = m.from end
  end
  if not base then return end
  local segments, fixed = headers(mem, base)
  if not segments then return end
  if fixed then return addr end
  for _, s in ipairs(segments) do
    if s.type == 1 and s.offset < u64(4096) then return addr - base + (s.vaddr - s.offset) end -- PT_LOAD of the headers
  end
end

return M
