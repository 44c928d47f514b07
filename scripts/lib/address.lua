-- Socket addresses as text.
local M = {}

local given, clean = require "lib.given", require("lib.paths").clean
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

-- What stands for addresses that can't be read: some memory the kernel can read and no tracer can.
M.unread = "(address that can't be read)"

-- The addresses that connect, bind, sendto, sendmsg and sendmmsg name, as a list of texts.
function M.named(ev)
  local list = {}
  local function add(addr, length)
    local text, a = M.text(addr), struct(addr)
    if addr == nil and length ~= 0 then text = M.unread end
    if not text and a and ev.name ~= "connect" and a.sa_family == "AF_UNSPEC" then -- the kernel takes it for AF_INET
      local b = {(given.text(a.sa_data) or ""):byte(1, 6)}
      if b[6] then text = ("%d.%d.%d.%d:%d"):format(b[3], b[4], b[5], b[6], b[1] * 256 + b[2]) end
    end
    list[#list + 1] = text and text:gsub("^(unix:)(/.*)", function(kind, path) return kind .. clean(path) end)
  end
  local function message(msg)
    msg = struct(msg)
    if msg then
      add(msg.msg_name, msg.msg_namelen)
    else
      list[#list + 1] = M.unread
    end
  end
  if ev.name == "sendto" then
    add(ev.dest_addr, ev.addrlen)
  elseif ev.name == "sendmsg" then
    message(ev.msg)
  elseif ev.name == "sendmmsg" then
    local messages = given.list(ev.msgvec)
    for _, m in ipairs(messages) do message(struct(m) and m.msg_hdr) end
    if #messages < math.min(ev.n, 1024) then message(nil) end -- the kernel takes no more than that
  else
    add(ev.addr, ev.addrlen)
  end
  return list
end

-- Only addresses of the internet.
function M.internet(addr)
  local text = M.text(addr)
  if text and text:sub(1, 5) ~= "unix:" then return text end
end

return M
