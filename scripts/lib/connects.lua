-- Connections as programs make them: also those that go on in the background
-- (EINPROGRESS), to their end.
local M = {}

local follow, given = require "lib.follow", require "lib.given"

local pending, count = {}, 0 -- tables of connections that are not made yet

local function finish(c, at, err)
  local p = c.pending
  if not p then return end
  c.pending, c.made = nil, err == nil
  pending[c], count = nil, count - 1
  p.done(p, at and at - p.since, err)
end

local function reached(ev, fd)
  local d = ev.proc:fdinfo(fd)
  return d and d.peer ~= nil
end

-- The table of a descriptor if it is one that is not connected yet.
local function waiting(ev, fd)
  local mine = ev.proc.data.connections
  local c = mine and mine[fd]
  return c and c.pending and c
end

-- What a wait for events reports about one: after an error, SO_ERROR has its number.
local function ready(ev, fd, failed)
  local c = waiting(ev, fd)
  if not c then return end
  c.pending.at = ev.ended
  if not failed and reached(ev, fd) then finish(c, ev.ended) end
end

local function connect(ev, start, done)
  local c = follow.connection(ev, ev.sockfd)
  local goes_on = ev.err == "EINPROGRESS" or ev.err == "EALREADY" or ev.err == "EINTR" or ev.err == "ERESTARTSYS"
  if c.pending then -- asked again
    if goes_on then return end
    local err = ev.err ~= "EISCONN" and ev.err or nil
    return finish(c, c.pending.at or ev.ended, err)
  end
  if c.made then -- reported already: this connect returns 0, the next ones EISCONN
    c.made = nil
    if ev.ok then return end
  end
  local p = start(ev)
  if not p or ev.err == "EISCONN" then return end
  p.since, p.done = ev.time, done
  if not goes_on then return done(p, ev.duration, ev.err) end
  c.pending, pending[c] = p, true
  count = count + 1
end

local data = "write,writev,sendto,sendmsg,read,readv,recvfrom,recvmsg"
local not_yet = {EAGAIN = true, ENOTCONN = true, EINTR = true, EINPROGRESS = true, EALREADY = true}

-- start(ev) returns a table for a connect that counts, nil for others. done(table,
-- seconds, err) is called when it has ended, with the name of its error. That is
-- "timeout" if the program gave up after it had waited, "closed" if it did
-- without; "EINPROGRESS" if the trace ended before. seconds is nil if nobody knows.
function M.watch(start, done)
  on("connect", function(ev) connect(ev, start, done) end)

  on("poll,ppoll,ppoll_time64", {when = {ok = true}}, function(ev)
    if count == 0 then return end
    for _, p in ipairs(given.list(ev.fds)) do
      local c = given.struct(p) and waiting(ev, p.fd)
      if c and ev.ret == 0 then c.pending.waited = true end
      if c and p.revents.value ~= 0 then ready(ev, p.fd, p.revents:any "POLLERR|POLLHUP") end
    end
  end)

  on("select,_newselect,pselect6,pselect6_time64", {when = {ok = true}}, function(ev)
    if count == 0 then return end
    for c in pairs(pending) do
      if ev.ret == 0 and c.pending.pid == ev.pid then c.pending.waited = true end
    end
    for _, fd in ipairs(given.list(ev.writefds)) do ready(ev, fd) end
  end)

  -- epoll names its descriptors by 64 bits of the program's own, which many programs
  -- never use twice: a name is kept as long as the descriptor is watched.
  on("epoll_ctl", {when = {ok = true}}, function(ev)
    local d = ev.proc.data
    d.epoll, d.watched = d.epoll or {}, d.watched or {}
    local watch = ev.epfd .. "/" .. ev.fd
    local before = d.watched[watch]
    if before and d.epoll[before] == ev.fd then d.epoll[before] = nil end
    local event = ev.op ~= "EPOLL_CTL_DEL" and given.struct(ev.event)
    local name = event and ev.epfd .. "/" .. tostring(event.data) or nil
    d.watched[watch] = name
    if name then d.epoll[name] = ev.fd end
  end)
  on("epoll_wait,epoll_pwait,epoll_pwait2", {when = {ret = ge(0)}}, function(ev)
    if count == 0 then return end
    local names = ev.proc.data.epoll or {}
    for _, e in ipairs(given.list(ev.events)) do
      local fd = given.struct(e) and names[ev.epfd .. "/" .. tostring(e.data)]
      if fd and e.events:any "EPOLLOUT|EPOLLERR|EPOLLHUP" then ready(ev, fd, e.events:any "EPOLLERR|EPOLLHUP") end
    end
  end)

  on("getsockopt", {when = {ok = true, level = "SOL_SOCKET"}}, function(ev)
    local c = count > 0 and ev.optname == "SO_ERROR" and waiting(ev, ev.sockfd)
    if not c then return end
    local err = ev.optval
    if type(err) == "table" then err = err[1] end
    if err and err ~= 0 and err ~= "0" then
      finish(c, c.pending.at or ev.ended, tostring(err))
    elseif reached(ev, ev.sockfd) then
      finish(c, c.pending.at or ev.ended)
    end
  end)
  on("getpeername", {when = {ok = true}}, function(ev)
    local c = count > 0 and waiting(ev, ev.sockfd)
    if c then finish(c, c.pending.at or ev.ended) end
  end)
  on(data, function(ev)
    local c = count > 0 and waiting(ev, ev.fd)
    if c and not not_yet[ev.err] then finish(c, c.pending.at or ev.ended, ev.err) end
  end)

  follow.watch(function(ev, c)
    if not c.pending then return end
    finish(c, c.pending.at or ev.time, c.pending.at and "failed" or c.pending.waited and "timeout" or "closed")
  end)
  on("end", function()
    for c in pairs(pending) do done(c.pending, nil, "EINPROGRESS") end
  end)
end

return M
