meta {
  name = "faketime",
  summary = "programs see another time",
  categories = {"time", "change"},
  acts = true,
  args = {
    at = {type = "string", help = "the time at the start (UTC): 2030-12-24, 2030-12-24T18:00:00, @1000000000"},
    offset = {type = "string", help = "or how far away: +1h, -90m, +400d"},
    frozen = {type = "flag", help = "time does not go on"},
  },
  examples = {
    "luatrace -s faketime -a at=2030-12-24 date",
    "luatrace -s faketime -a offset=-1h make",
  },
  caveats = "Only the clock of the wall: sleeps, time-outs, timers and times of files are "
    .. "real. Programs started before (-p) and those that read the counter of the CPU, or are told the "
    .. "time by another process, are not fooled.",
}

local auxv, dates, there = require "lib.auxv", require "lib.dates", require "lib.given"

local function given(name, parse, wanted)
  local text = args[name]
  local value = text and parse(text)
  if text and not value then error(("-a %s=%s: %s is wanted"):format(name, text, wanted), 0) end
  return value
end

if not args.at == not args.offset then error("say what time it is: -a at=TIME or -a offset=DISTANCE", 0) end
local target = given("at", dates.seconds, "a time such as 2030-12-24, 2030-12-24T18:00:00 or @1000000000")
local shift = given("offset", dates.distance, "a distance such as +1h, -90m or +400d")
local started

on("proc:exec", function(ev)
  auxv.without_vdso(ev)
  started = started or ev.time
  shift = shift or target - math.floor(ev.time)
end)

local function faked(ev, real)
  if not shift then -- of a process that was there before
    started = ev.time
    shift = target - math.floor(ev.time)
  end
  return args.frozen and math.floor(started) + shift or real + shift
end

-- Changes a time that the kernel has filled in, if it is there.
local function put(ev, time, parts)
  if not there.struct(time) then return end
  there.write(function()
    time.tv_sec = faked(ev, time.tv_sec)
    if args.frozen then time[parts] = 0 end
  end)
end

local wall = {clockid = {"CLOCK_REALTIME", "CLOCK_REALTIME_COARSE", "CLOCK_TAI"}, ok = true}
on("clock_gettime", {when = wall}, function(ev)
  put(ev, ev.tp, "tv_nsec")
end)

on("gettimeofday", {when = {ok = true}}, function(ev)
  put(ev, ev.tv, "tv_usec")
end)

on("time", {when = {ok = true}}, function(ev)
  local now = faked(ev, ev.ret)
  if ev.raw[1] ~= 0 then
    local bytes = {}
    for i = 0, 3 do bytes[i + 1] = string.char(math.floor(now / 256 ^ i) % 256) end
    ev.mem:write(ev.raw[1], table.concat(bytes))
  end
  ev.ret = now
end)

test("another day", {args = {at = "2030-12-24 18:00:00"}}, function(t)
  local r = t:event("clock_gettime", {clockid = "CLOCK_REALTIME", tp = {tv_sec = 1e9 + 5, tv_nsec = 7}})
  t:expect(r.line:match "{(.-)}", "tv_sec=1924365605, tv_nsec=7")
  r = t:event("clock_gettime", {clockid = "CLOCK_MONOTONIC", tp = {tv_sec = 5, tv_nsec = 7}})
  t:expect(r.line:match "{(.-)}", "tv_sec=5, tv_nsec=7")
  t:expect(t:event("time", {ret = 1e9 + 60}).ret, 1924365660)
end)

test("a distance, frozen", {args = {offset = "-1d", frozen = true}}, function(t)
  t:event("proc:exec")
  t:advance "100s"
  local r = t:event("gettimeofday", {tv = {tv_sec = 1e9 + 100, tv_usec = 3}})
  t:expect(r.line:match "{(.-)}", "tv_sec=999913600, tv_usec=0")
end)
