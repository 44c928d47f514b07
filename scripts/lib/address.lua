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

-- The addresses that connect, bind, sendto, sendmsg and sendmmsg name, as a list of texts.
function M.named(ev)
  local list = {}
  local function add(addr)
    local text, a = M.text(addr), struct(addr)
    if not text and a and ev.name:find "^send" and a.sa_family == "AF_UNSPEC" then -- the kernel takes it for AF_INET
      local b = {(given.text(a.sa_data) or ""):byte(1, 6)}
      if b[6] then text = ("%d.%d.%d.%d:%d"):format(b[3], b[4], b[5], b[6], b[1] * 256 + b[2]) end
    end
    list[#list + 1] = text
  end
  local function message(msg)
    msg = struct(msg)
    if msg then add(msg.msg_name) end
  end
  if ev.name == "sendto" then
    add(ev.dest_addr)
  elseif ev.name == "sendmsg" then
    message(ev.msg)
  elseif ev.name == "sendmmsg" then
    for _, m in ipairs(given.list(ev.msgvec)) do message(struct(m) and m.msg_hdr) end
  else
    add(ev.addr)
  end
  return list
end

-- Only addresses of the internet.
function M.internet(addr)
  local text = M.text(addr)
  if text and text:sub(1, 5) ~= "unix:" then return text end
end

return M
