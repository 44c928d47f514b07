-- Dates and distances in time as people type them.
local M = {}

-- Days since 1970 of a date (the Gregorian calendar counted from March on).
local function days(y, m, d)
  if m <= 2 then y, m = y - 1, m + 12 end
  local era = math.floor(y / 400)
  local yoe = y - era * 400
  local doy = math.floor((153 * (m - 3) + 2) / 5) + d - 1
  return era * 146097 + yoe * 365 + math.floor(yoe / 4) - math.floor(yoe / 100) + doy - 719468
end

local lengths = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

local function exists(y, m, d)
  local leap = y % 4 == 0 and (y % 100 ~= 0 or y % 400 == 0)
  return m >= 1 and m <= 12 and d >= 1 and d <= (m == 2 and leap and 29 or lengths[m])
end

-- "2030-12-24", "2030-12-24 18:00", "2030-12-24T18:00:00" or "@1000000000" ->
-- seconds since 1970, UTC; nil if it is none.
function M.seconds(text)
  local seconds = text:match "^@(%d+)$"
  if seconds then return tonumber(seconds) end
  local y, m, d, rest = text:match "^(%d%d%d%d)%-(%d%d)%-(%d%d)(.*)$"
  if not y then return end
  y, m, d = tonumber(y), tonumber(m), tonumber(d)
  local h, min, s = 0, 0, 0
  if rest ~= "" then
    h, min, s = rest:match "^[ T](%d%d):(%d%d):?(%d*)$"
    h, min, s = tonumber(h), tonumber(min), tonumber(s) or 0
  end
  if not h or h > 23 or min > 59 or s > 60 or not exists(y, m, d) then return end
  return days(y, m, d) * 86400 + h * 3600 + min * 60 + s
end

local units = {s = 1, m = 60, h = 3600, d = 86400}

-- "+1h", "-90m", "+400d" -> seconds; nil if it is none.
function M.distance(text)
  local sign, n, unit = text:match "^([+-])(%d+)([smhd])$"
  return sign and (sign == "-" and -1 or 1) * n * units[unit]
end

return M
