-- A report with nothing in it says so: one line when the trace ends, unless
-- something was shown. what is an aggregation, or a function that says whether.
--
--   require "lib.empty"(failures, "no call failed")
return function(what, text)
  local function last()
    local shown
    if type(what) == "function" then shown = what() else shown = #what:rows() > 0 end
    if not shown and not output.json then printf("%s\n", text) end
  end
  on("begin", function() on("end", last) end) -- after the hooks of the script
end
