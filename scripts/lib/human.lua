-- Numbers as people read them.
local M = {}

local sizes = {"", "K", "M", "G", "T", "P"}

-- 1536 -> "1.5K": bytes in powers of 1024, three figures.
function M.bytes(n)
  local i, v = 1, n
  while math.abs(v) >= 1023.5 and i < #sizes do
    i, v = i + 1, v / 1024
  end
  if i == 1 then return ("%d"):format(v) end
  return (math.abs(v) < 9.95 and "%.1f%s" or "%.0f%s"):format(v, sizes[i])
end

-- 0.0012 -> "1.2ms": seconds with the unit that suits them.
function M.time(s)
  local a = math.abs(s)
  local v, unit = s, "s"
  if a == 0 then return "0" end
  if a < 0.9995e-6 then v, unit = s * 1e9, "ns"
  elseif a < 0.9995e-3 then v, unit = s * 1e6, "us"
  elseif a < 0.9995 then v, unit = s * 1e3, "ms"
  elseif a >= 600 then v, unit = s / 60, "m" end
  a = math.abs(v)
  return (a < 9.95 and "%.1f%s" or "%.0f%s"):format(v, unit)
end

-- The part of a whole: 25 of 200 -> "12.5%".
function M.percent(part, whole)
  return ("%.1f%%"):format(whole == 0 and 0 or 100 * part / whole)
end

return M
