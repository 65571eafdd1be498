--- Does something at times of day.
--
--     local schedule = require "muster.schedule"
--     schedule("02:30", function() log("every night") end)
--     schedule("08:00", { days = { "sat", "sun" } }, function() log("at the weekend") end)
--
-- Times are UTC. What was due while the engine was down is made up for once, when it is back. Call it at a hook file's top level.

local numbers = { sun = 0, mon = 1, tue = 2, wed = 3, thu = 4, fri = 5, sat = 6 }

return function(time, options, handler)
  if handler == nil then options, handler = {}, options end
  local wanted = {}
  for _, day in ipairs(options.days or { "sun", "mon", "tue", "wed", "thu", "fri", "sat" }) do
    if not numbers[day] then error("schedule: there is no day \"" .. tostring(day) .. "\"; write mon, tue, wed, thu, fri, sat or sun") end
    wanted[numbers[day]] = true
  end
  every("1d", { at = time, name = options.name }, function(tick)
    -- The tick's own time, not the present: a late one is still of its day.
    local day = (tick.at // 86400000 + 4) % 7
    if wanted[day] then handler(tick) end
  end)
end
