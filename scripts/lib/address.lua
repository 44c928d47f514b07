-- Socket addresses as text.
local M = {}

local given = require "lib.given"
local struct = given.struct

-- {sa_family=AF_INET, ...} -> "127.0.0.1:80"; nil if there is none, or none that can be read.
function M.text(addr)
  addr = struct(addr)
  if not addr then return end
  local a = addr:table()
  if a.sin_port then return ("%s:%d"):format(a.sin_addr, a.sin_port) end
  if a.sin6_port then return ("[%s]:%d"):format(a.sin6_addr, a.sin6_port) end
  if a.sun_path then return "unix:" .. (a.sun_path:gsub("^%z", "@")) end
end

-- The addresses that sendto, sendmsg and sendmmsg send to, as a list.
function M.destinations(ev)
  local list = {}
  local function message(msg)
    msg = struct(msg)
    list[#list + 1] = msg and msg.msg_name
  end
  if ev.name == "sendto" then
    list[1] = ev.dest_addr
  elseif ev.name == "sendmsg" then
    message(ev.msg)
  else
    for _, m in ipairs(given.list(ev.msgvec)) do message(struct(m) and m.msg_hdr) end
  end
  return list
end

-- Only addresses of the internet.
function M.internet(addr)
  local text = M.text(addr)
  if text and text:sub(1, 5) ~= "unix:" then return text end
end

return M
