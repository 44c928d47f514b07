-- A report with nothing in it says so: one line when the trace ends, with the
-- script's name if there are several, unless something was shown. what is an aggregation, or a function that says whether.
--
--   require "lib.empty"(failures, "no call failed")
return function(what, text)
  local script = output.script()
  local function last()
    local shown
    if type(what) == "function" then shown = what() else shown = #what:rows() > 0 end
    if shown or output.json then return end
    printf("%s%s\n", output.several() and script and script .. ": " or "", text)
  end
  on("begin", function() on("end", last) end) -- after the hooks of the script
end
