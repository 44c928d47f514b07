-- Sets are tables with their members as keys.
local M = {}

-- The members in order; with wanted only those it returns true for.
function M.sorted(set, wanted)
  local list = {}
  for member in pairs(set) do
    if not wanted or wanted(member) then list[#list + 1] = member end
  end
  table.sort(list)
  return list
end

-- The values of a table in the order of one of their fields, largest first;
-- equal ones by another field, smallest first.
function M.largest(values, field, other)
  local list = {}
  for _, v in pairs(values) do list[#list + 1] = v end
  table.sort(list, function(a, b)
    if a[field] ~= b[field] then return a[field] > b[field] end
    return a[other] < b[other]
  end)
  return list
end

return M
