-- The answers of the stat family and of statx, whose fields have other names.
local M = {}

local given = require "lib.given"

-- Calls fn(ev, st, prefix) after each such call that succeeded, and whose answer is there: the
-- owner is st[prefix .. "uid"], and so on. fn may change it.
function M.each(fn)
  local function answer(ev, st, prefix)
    if given.struct(st) then given.write(fn, ev, st, prefix) end
  end
  on("stat,lstat,fstat,newfstatat", {when = {ok = true}}, function(ev) answer(ev, ev.statbuf, "st_") end)
  on("statx", {when = {ok = true}}, function(ev) answer(ev, ev.statxbuf, "stx_") end)
end

-- Makes it a device; dev is as mknod(2) takes it.
function M.device(st, prefix, dev)
  if prefix == "st_" then
    st.st_rdev = dev
  else -- taken apart as by major(3) and minor(3)
    st.stx_rdev_major = bit.band(bit.rshift(dev, 8), 0xfff)
    st.stx_rdev_minor = bit.bor(bit.band(dev, 0xff), bit.band(bit.rshift(dev, 12), 0xfff00))
  end
end

return M
