-- Rows in aligned columns, or with -j as JSON objects: one description of both.
--
--   local row = columns "PID:7 COMM:15 >MS:9.3 ERR:8 PATH"
--   row(ev.pid, ev.comm, ev.duration * 1e3, ev.err, ev.path)
--
-- NAME:WIDTH is a column, ">" puts it to the right, ".3" are decimals, "b"
-- behind the width makes bytes human (12M) and "t" seconds (1.5ms). The last
-- column needs no width. nil prints as "-". The JSON names are small letters; a
-- table behind the last value has more members for JSON.
--
-- columns(text, {time = true}) and -tt and its like make the event's time the first
-- column. JSON objects have type = "row", the script's
-- name and the time, unless a column has that name. columns(text, {report = true})
-- is for tables about all that happened: they have none of these. Without a row
-- the last line says that there was none; {none = "..."} says what of, and with
-- several scripts whose it is. A script with more to write then takes a second result, and calls it before:
--
--   local row, done = columns(text)
local human = require "lib.human"

local begun, waiting, ends = false, {}, {}

on("begin", function()
  begun = true
  for _, header in ipairs(waiting) do header() end
  on("end", function() -- after those of the scripts
    for _, done in ipairs(ends) do done() end
  end)
end)

local function parse(text)
  local list = {}
  for word in text:gmatch("%S+") do
    local right, name, width, decimals, unit = word:match("^(>?)([%w%(%)/%%_-]+):?(%d*)%.?(%d*)([bt]?)$")
    if not name then error("columns: " .. word .. " is not NAME:WIDTH", 3) end
    local c = {name = name, key = name:lower():gsub("%(.-%)", ""):gsub("%%", "percent"), unit = unit}
    c.head = "%" .. (right == "" and "-" or "") .. width .. "s"
    c.number = decimals ~= "" and "%." .. decimals .. "f" or nil
    list[#list + 1] = c
  end
  list[#list].head = list[#list].head:gsub("^%%%-%d*s$", "%%s")
  return list
end

local function text(c, v)
  if v == nil then return "-" end
  if c.unit == "b" then return human.bytes(v) end
  if c.unit == "t" then return human.time(v) end
  if c.number and type(v) == "number" then return c.number:format(v) end
  return v
end

return function(description, opts)
  opts = opts or {}
  local list, script, rows = parse(description), output.script(), 0
  local timed = not opts.report and (opts.time or output.time)
  local width = "%-" .. output.stampwidth .. "s "
  local formats = {}
  for i, c in ipairs(list) do formats[i] = c.head end
  local format = table.concat(formats, " ") .. "\n"

  local shown = false
  local function header()
    if shown or output.json then return end
    shown = true
    local names = {}
    for i, c in ipairs(list) do names[i] = c.name end
    output.colour "bold"
    if timed then printf(width, "TIME") end
    printf(format, unpack(names))
    output.colour()
  end
  if not begun then waiting[#waiting + 1] = header end

  local function done()
    if rows == 0 and not output.json then
      header()
      if timed then output.stamp() end -- there is a column for it, which nothing fills
      local whose = output.several() and script and script .. ": " or ""
      printf("%s%s\n", whose, opts.none or "no rows: nothing of this kind was seen")
    end
    rows = nil
  end
  ends[#ends + 1] = done

  local function row(...)
    rows = (rows or 0) + 1
    if output.json then
      local object = {}
      if not opts.report then object.type, object.script, object.time = "row", script, output.clock() end
      for i, c in ipairs(list) do object[c.key] = (select(i, ...)) end
      for key, value in pairs(select(#list + 1, ...) or {}) do object[key] = value end
      return emit(object)
    end
    header()
    if timed then output.colour "dim" printf(width, output.stamp()) output.colour() end
    local cells = {}
    for i, c in ipairs(list) do cells[i] = text(c, (select(i, ...))) end
    local bad = false
    for i, c in ipairs(list) do
      bad = bad or c.name == "ERR" and (select(i, ...)) ~= nil
    end
    if bad then output.colour "red" end
    printf(format, unpack(cells, 1, #list))
    if bad then output.colour() end
  end
  return row, done
end
