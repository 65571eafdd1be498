--- Fences a machine that failed, and recovers its servers on the best standby.
--
-- A hypervisor is fenced for its virtual machines, too: once it is seen off they are, and what they ran is recovered by their own runs.

needs { "power", "storage" }

local recover = require "muster.recover"

-- Whether what a machine carries needs its end: a virtual machine that is heard would go down with it, and needs nobody's help.
local function is_needed_off(dead)
  for _, name in ipairs(dead.guests or {}) do
    if resources.get(name).liveness == "alive" then return false end
  end
  return dead.guests ~= nil
end

local function fail_over(event)
  local dead = event.resource
  local servers = dead:servers()
  if #servers == 0 and not is_needed_off(dead) then return end   -- nothing ran there: leave it as it is
  dead:fence()                                                    -- off, and seen off; or it raises
  for _, server in ipairs(servers) do
    recover(server)
  end
end

on("resource.failed", { key = "resource" }, fail_over)
on("export.died", { key = "resource" }, fail_over)
