-- Socket addresses as text.
local M = {}

-- {sa_family=AF_INET, ...} -> "127.0.0.1:80"; nil if there is none.
function M.text(addr)
  if not addr then return end
  local a = addr:table()
  if a.sin_port then return ("%s:%d"):format(a.sin_addr, a.sin_port) end
  if a.sin6_port then return ("[%s]:%d"):format(a.sin6_addr, a.sin6_port) end
  if a.sun_path then return "unix:" .. (a.sun_path:gsub("^%z", "@")) end
end

-- Only addresses of the internet.
function M.internet(addr)
  local text = M.text(addr)
  if text and text:sub(1, 5) ~= "unix:" then return text end
end

return M
