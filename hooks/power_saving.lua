--- Lets machines sleep that nobody needs, and keeps a few awake as standbys.
--
-- Rests until fleet.lua asks for it:
--
--     policy "power_saving" { spare = 1, after = "15m" }                -- one machine waits, booted; the others sleep
--     policy "power_saving" { { spare = 1, tags = { "web" } }, { spare = 0, tags = { "batch" } } }
--
-- Settings: a table for standby.keep, or a list of them; see stdlib/muster/standby.lua. Looks every minute. A standby that sleeps takes over
-- a minute or two later than one that waits; with `spare = 0` all of them sleep. What that saves `muster status` shows where hosts have
-- `watts` in fleet.lua.
-- Events: resource.power_off and resource.power_on of each machine. Needs: power.

needs { "power" }

local standby = require "muster.standby"

every("1m", { policy = "power_saving", name = "power_saving" }, function()
  local told = policy "power_saving"
  for _, group in ipairs(told[1] and told or { told }) do
    local did = standby.keep(group)
    if #did.woken > 0 then log("woke up", table.concat(did.woken, ", ")) end
    if #did.slept > 0 then log("put to sleep", table.concat(did.slept, ", ")) end
  end
end)
