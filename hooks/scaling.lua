--- Starts and stops the servers of pools with their load, and with them machines.
--
-- Rests until fleet.lua tells it what to scale:
--
--     policy "scaling" {
--       { pool = "web", min = 1, max = 5, up = 0.7, down = 0.3, cooldown = "5m", spare = 1 },
--     }
--
-- Settings: a list of tables, one for each pool; their keys are in the head of stdlib/muster/scaling.lua (`metric` may be "load" or a table
-- for metrics.prometheus; for a metric that is a function write a hook of your own, it is three lines).
-- Looks every 30 seconds. What it decides servers.lua carries out: a machine is woken for each server by its BMC, and sleeps after it.
-- Events: user.scaled, user.scaling_failed. Needs: servers; http for metrics of the web.

needs { "servers", "http" }

local scale = require "muster.scaling"

every("30s", { policy = "scaling", name = "scaling" }, function()
  for _, pool in ipairs(policy "scaling") do
    -- One pool that is told wrong is no reason to leave the others.
    local fine, problem = pcall(scale, pool)
    if not fine then log("cannot scale", pool.pool, "-", problem) end
  end
end)
