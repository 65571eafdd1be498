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

-- A hypervisor that fell silent was left on while its virtual machines lived. Once the last of them has failed it is of no use to anybody, and
-- its end is theirs. Answers whether it was that of this one; if not, its own ladder is left.
local function ends_with_hypervisor(dead)
  local hypervisor = dead.hypervisor and resources.get(dead.hypervisor)
  if not hypervisor or hypervisor.state ~= "failed" then return false end
  for _, name in ipairs(hypervisor.guests or {}) do
    local guest = resources.get(name)
    -- One that is suspect, or starts, may live: it fails in its own time, and then it is the last.
    if guest.liveness == "alive" or guest.state == "suspect" or guest.state == "starting" then return false end
  end
  return pcall(hypervisor.fence, hypervisor) and resources.get(dead.name).state == "fenced"
end

local function fail_over(event)
  local dead = event.resource
  local servers = dead:servers()
  if #servers == 0 and not is_needed_off(dead) then return end   -- nothing ran there: leave it as it is
  if not ends_with_hypervisor(dead) then
    dead:fence()                                                  -- off, and seen off; or it raises
  end
  for _, server in ipairs(servers) do
    recover(server)
  end
end

on("resource.failed", { key = "resource" }, fail_over)
on("export.died", { key = "resource" }, fail_over)
