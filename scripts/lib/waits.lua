-- How long threads waited, by call and by what for.
local M = {order = {}} -- threads in the order of their first event
local threads = {}

function M.thread(task, comm, from)
  if not threads[task] then
    threads[task] = {tid = task.tid, comm = comm, from = from, blocked = 0, by = {}}
    M.order[#M.order + 1] = threads[task]
  end
  return threads[task]
end

function M.forget(task) threads[task] = nil end

-- What was waited for: children, a time, a lock, or a file.
local function reason(call)
  local name = call.name
  if name:find "^wait" then return "children" elseif name:find "nanosleep" or name == "pause" then return "sleep" end
  if name:find "^futex" then return "a lock or another thread" end
  if name:find "poll" or name:find "select" then return "events" end
  return call.fdpath or call.abspath or "-"
end

-- Adds a wait of a thread: call is an event, or a call that has not returned.
function M.add(th, call, took)
  local what = reason(call)
  local key = call.name .. "\0" .. what
  th.blocked = th.blocked + took
  local w = th.by[key] or {tid = th.tid, call = call.name, ["for"] = what, count = 0, seconds = 0}
  th.by[key] = w
  w.count, w.seconds = w.count + 1, w.seconds + took
  return w
end

return M
