--- Tries something again until it succeeds.
--
--     local retry = require "muster.retry"
--     local machine = resources.get("node1")
--     local power = retry({ times = 5, pause = "1s" }, function() return machine:read_power() end)
--     log("node1 is", power)
--
-- The pause doubles after each try, up to `most` (default `"60s"`). `when(problem)` may say that an error is not worth another try.
-- The last error is raised. To try a whole run again, give the hook `retry = 3`.

local units = { ms = 0.001, s = 1, m = 60, h = 3600, d = 86400 }

-- A duration in seconds; what is none is for `sleep` to refuse.
local function seconds(length)
  local number, unit = tostring(length):match("^(%d+)(%a+)$")
  return units[unit] and tonumber(number) * units[unit] or length
end

return function(options, body)
  if body == nil then options, body = {}, options end
  local pause, most = seconds(options.pause or 1), seconds(options.most or 60)
  for try = 1, options.times or 3 do
    local results = table.pack(pcall(body, try))
    if results[1] then return table.unpack(results, 2, results.n) end
    local problem = results[2]
    if try == (options.times or 3) or (options.when and not options.when(problem)) then error(problem, 0) end
    sleep(pause)
    if type(pause) == "number" then pause = math.max(pause, math.min(pause * 2, most)) end
  end
end
