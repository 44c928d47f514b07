-- HTTP/1 as it stands on the wire: heads of messages, found in a stream.
local M = {}

local requestline = re [[^([A-Z]+) (\S+) HTTP/1\.\d\r?$]]
local statusline = re [[^HTTP/1\.\d (\d\d\d) ?([^\r]*)]]

local function head(text)
  local first = text:match "^([^\n]*)\n"
  if not first or #text > 65536 then return end
  local fields = {}
  for name, value in text:gmatch "\n([%w%-]+):%s*([^\r\n]*)" do fields[name:lower()] = value end
  return first, fields
end

-- "GET /x HTTP/1.1..." -> {method=, target=, host=}; nil if it is none.
function M.request(text)
  local first, fields = head(text)
  if not first then return end
  local method, target = requestline:match(first)
  if not method then return end
  return {method = method, target = target, host = fields.host, agent = fields["user-agent"]}
end

-- "HTTP/1.1 200 OK..." -> {status=, reason=, length=}.
function M.response(text)
  local first, fields = head(text)
  if not first then return end
  local status, reason = statusline:match(first)
  if not status then return end
  return {status = tonumber(status), reason = reason, length = tonumber(fields["content-length"]),
    type = fields["content-type"]}
end

return M
