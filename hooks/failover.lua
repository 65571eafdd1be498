--- Fences a machine that failed, and recovers its servers on the best standby.
--
-- A hypervisor is fenced for its virtual machines, too: once it is seen off they are, and what they ran is recovered by their own runs.

needs { "power", "storage" }

local recover = require "muster.recover"

local function fail_over(event)
  local dead = event.resource
  local servers = dead:servers()
  if #servers == 0 and not dead.guests then return end   -- nothing ran there: leave it as it is
  dead:fence()                                            -- off, and seen off; or it raises
  for _, server in ipairs(servers) do
    recover(server)
  end
end

on("resource.failed", { key = "resource" }, fail_over)
on("export.died", { key = "resource" }, fail_over)
