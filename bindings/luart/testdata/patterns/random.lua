-- Prints what find, match, gmatch, gsub, table.concat and sort make of random input: the same in every Lua 5.1.
local state = 12345
local function random(n)
  state = (state * 16807) % 2147483647
  return state % n + 1
end

local pieces = {
  "a", "b", "c", "x", ".", "%a", "%d", "%s", "%w", "%p", "%A", "%.", "%%", "[ab]", "[^a]", "[a-c]", "[%d_]", "[]]", "[^]]", "[a-]", "[%a-z]",
  "(", ")", "(a)", "(.-)", "()", "(%w+)", "%1", "%b()", "%f[%w]", "%f[%W]", "^", "$", "-", "*", "+", "?", "]", "%z", "%x", "%l%u",
}
local repeats = {"", "", "", "*", "+", "-", "?"}
local letters = {"a", "b", "c", "x", " ", "(", ")", "1", "_", "]", "-", "%", "A", "z", ".", "\0", "\255"}

local function make(parts, n, suffixes)
  local t = {}
  for i = 1, random(n) do
    t[i] = parts[random(#parts)] .. (suffixes and suffixes[random(#suffixes)] or "")
  end
  return table.concat(t)
end

local function quote(...)
  local t = {}
  for i = 1, select("#", ...) do
    local s = tostring((select(i, ...)))
    for k = 1, #s do
      local b = s:byte(k)
      t[#t + 1] = b > 32 and b < 127 and s:sub(k, k) ~= "\\" and s:sub(k, k) or string.format("=%02x", b)
    end
    t[#t + 1] = " "
  end
  return table.concat(t)
end

local function try(f, ...)
  local r = {pcall(f, ...)}
  if not r[1] then
    return "error"
  end
  return quote(unpack(r, 2))
end

local function gmatched(s, p)
  local t = {}
  for a, b in s:gmatch(p) do
    t[#t + 1] = tostring(a) .. "," .. tostring(b)
  end
  return unpack(t)
end

local templates = {"<%0>", "%1", "", "%%", "x", "[%1%1]"}
for i = 1, 6000 do
  local p, s = make(pieces, 5, repeats), make(letters, 12)
  local init, template, word = random(8) - 4, templates[random(#templates)], make(letters, 3)
  local line = "malformed"
  if pcall(string.find, s, p) and pcall(string.find, "", p) then
    line = table.concat({
      try(string.find, s, p, init), try(string.match, s, p), try(string.gsub, s, p, template),
      try(string.gsub, s, p, function(a, b) return a == "a" and "<" .. tostring(b) .. ">" end), try(string.gsub, s, p, {a = "A", [1] = "one"}, 2),
      p:sub(1, 1) == "^" and "" or try(gmatched, s, p), try(string.find, s, word, init, true)}, "|")
  end
  print(i, quote(p, s), line)
end

for i = 1, 300 do
  local t = {}
  for k = 1, random(20) do
    t[k] = random(2) == 1 and random(100) or make(letters, 3)
  end
  print(try(table.concat, t, ","), try(table.concat, t, ", ", 2), try(table.concat, t, "", random(#t), random(#t)))
  for k = 1, #t do
    t[k] = tostring(t[k])
  end
  table.sort(t)
  print(quote(unpack(t)))
  table.sort(t, function(a, b) return a > b end)
  print(quote(unpack(t)))
end
