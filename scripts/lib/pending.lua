-- Calls that have not returned, such as those of threads in a deadlock, as far as
-- it is known when they began: a list of {task, call, seconds}.
--
--   on("end", function(ev) for _, p in ipairs(pending(ev.time, "%file")) do ... end end)
return function(now, spec)
  local list = {}
  for _, task in ipairs(tasks()) do
    local call = task.call
    if call and call.since and (not spec or call:matches(spec)) then list[#list + 1] = {task = task, call = call, seconds = now - call.since} end
  end
  return list
end
