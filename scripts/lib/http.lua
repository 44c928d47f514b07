-- HTTP/1 as it stands on the wire: heads of messages, found in a stream.
local M = {}

local requestline = re [[^([A-Z]+) (\S+) HTTP/1\.\d\r?$]]
local statusline = re [[^HTTP/1\.\d (\d\d\d) ?([^\r]*)]]
local longest = 65536 -- of a head

local function head(text)
  local first = text:match "^([^\n]*)\n"
  if not first or #text > longest then return end
  local fields = {}
  for name, value in text:gmatch "\n([%w%-]+):%s*([^\r\n]*)" do fields[name:lower()] = value end
  return first, fields, (fields["transfer-encoding"] or ""):lower():find "chunked" ~= nil
end

-- "GET /x HTTP/1.1..." -> {method=, target=, host=, length=, chunked=}; nil if it is none.
function M.request(text)
  local first, fields, chunked = head(text)
  if not first then return end
  local method, target = requestline:match(first)
  if not method then return end
  return {method = method, target = target, host = fields.host, agent = fields["user-agent"],
    length = tonumber(fields["content-length"]), chunked = chunked}
end

-- "HTTP/1.1 200 OK..." -> {status=, reason=, length=, chunked=}.
function M.response(text)
  local first, fields, chunked = head(text)
  if not first then return end
  local status, reason = statusline:match(first)
  if not status then return end
  return {status = tonumber(status), reason = reason, length = tonumber(fields["content-length"]),
    chunked = chunked, type = fields["content-type"]}
end

-- What comes behind a head: a number of bytes, "chunked", "all" up to the end of the
-- connection, or "other" for a protocol that is no HTTP.
local function request_body(req) return req.chunked and "chunked" or req.length or 0 end

local function response_body(res, req)
  if res.status == 101 or req.method == "CONNECT" and res.status < 300 then return "other" end
  if res.status < 200 or res.status == 204 or res.status == 304 or req.method == "HEAD" then return 0 end
  return res.chunked and "chunked" or res.length or "all"
end

-- Whether text may be the beginning of a head.
local function hopeful(text, responses)
  if #text > longest then return false end
  if responses then return text:sub(1, 7) == ("HTTP/1."):sub(1, #text) end
  return text:find "^%u+ " ~= nil or #text < 16 and text:find "^%u+$" ~= nil
end

-- One direction of a connection. state is where it is: at a "head", in a body that
-- is "chunked" or "all" there is, in the "trailer" of a chunked one, or "other".
-- skip is how many bytes of a body are to come first.
local function stream() return {state = "head", skip = 0, part = ""} end

-- Takes the next n bytes. get() reads them: for the inner of a body it is not called.
-- found(text) is called with each head and returns what comes behind it, nil if it
-- is none: then the rest is left out, and the next bytes may begin with one.
local function feed(s, n, get, responses, found)
  if s.skip >= n then
    s.skip = s.skip - n
    return
  end
  local data = (get() or ""):sub(1, n)
  local unseen = n - #data -- a part that could not be read
  local text, i = s.part .. data:sub(s.skip + 1), 1
  s.skip, s.part = math.max(0, s.skip - #data), ""
  while i <= #text do
    local body
    if s.state == "head" then
      local _, e = text:find("\r?\n\r?\n", i)
      if not e then
        if unseen == 0 and hopeful(text:sub(i), responses) then s.part = text:sub(i) end
        return
      end
      body = found(text:sub(i, e))
      if not body then return end
      i = e + 1
    else -- a line of a chunked body
      local line, e = text:match("^([^\n]*)\n()", i)
      if not line then
        if #text - i < 4096 then s.part = text:sub(i) end
        return
      end
      i = e
      if s.state == "trailer" then
        if line == "" or line == "\r" then s.state = "head" end
      else
        local size = tonumber(line:match "^%x+" or "", 16)
        if not size then
          s.state = "head"
          return
        end
        if size == 0 then s.state = "trailer" else body = size + 2 end
      end
    end
    if type(body) == "number" then
      local here = math.min(body, #text - i + 1)
      i, s.skip = i + here, body - here
    elseif body then
      s.state = body
      if body ~= "chunked" then return end
    end
  end
  s.skip = math.max(0, s.skip - unseen)
end

local C = {}
C.__index = C

-- A connection. Its method feed(n, get, incoming, time, done) takes the next n bytes
-- of a direction (get reads them), and calls done(request, response) at the head of
-- each answer. Answers come in the order of the requests, however many of those are
-- sent before. request.time is that of its head; response.size is how many bytes
-- follow, nil if that is not known yet.
function M.connection()
  return setmetatable({[true] = stream(), [false] = stream(), waiting = {}}, C)
end

function C:feed(n, get, incoming, time, done)
  local s = self[incoming]
  local responses = self.asks ~= nil and self.asks ~= incoming
  if s.state == "other" then return end
  if s.state == "all" then -- a next request says that this has ended
    if not self.waiting[1] then return end
    s.state = "head"
  end
  feed(s, n, get, responses, function(text)
    if not responses then
      local req = M.request(text)
      if not req then return end
      self.asks, req.time = incoming, time
      if #self.waiting < 1000 then self.waiting[#self.waiting + 1] = req end -- nobody sees the answers
      return request_body(req)
    end
    local res, req = M.response(text), self.waiting[1]
    if not res or not req then return end
    local body = response_body(res, req)
    if res.status < 200 and body ~= "other" then return body end -- 100 Continue and the like
    table.remove(self.waiting, 1)
    res.size = tonumber(body)
    if body == "other" then self[not incoming].state = "other" end
    done(req, res)
    return body
  end)
end

return M
