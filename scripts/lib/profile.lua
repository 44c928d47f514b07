-- Seccomp profiles, as container engines take them.
local M = {}

local sets = require "lib.sets"
local names = {amd64 = "SCMP_ARCH_X86_64", i386 = "SCMP_ARCH_X86", x32 = "SCMP_ARCH_X32", arm64 = "SCMP_ARCH_AARCH64"}

-- Watches which calls are made. Returns a function that writes the profile which allows them.
function M.record()
  local calls, machines = {}, {}
  on("*:enter", function(ev) calls[ev.name], machines[names[ev.abi]] = true, true end)
  return function()
    emit {defaultAction = "SCMP_ACT_ERRNO", defaultErrnoRet = EPERM,
      architectures = json.array(sets.sorted(machines)),
      syscalls = {{names = json.array(sets.sorted(calls)), action = "SCMP_ACT_ALLOW"}}}
  end
end

return M
