--- Beside the shipped hooks, one that wants what the engine must refuse: whatever it tries, no rule of safety may break.

needs { "power", "storage" }

-- Takes a server away from a machine that nobody has fenced.
local function snatch(server)
  for _, other in ipairs(resources.list()) do
    if other.state == "off" or other.state == "idle" then
      local claim = server:claim(other)
      claim.resource:power_on()
      return
    end
  end
end

on("resource.suspect", { key = "resource", name = "snatcher" }, function(event)
  for _, server in ipairs(event.resource:servers()) do pcall(snatch, server) end
end)

-- Comes back to a failure long after it was decided on.
on("resource.failed", { key = "resource", name = "latecomer" }, function(event)
  sleep("90s")
  pcall(function() event.resource:fence() end)
end)

-- Gives servers back and takes them again, whatever they do.
on("server.running", { key = "server", name = "fickle" }, function(event)
  sleep("3m")
  pcall(function() event.server:release() end)
  pcall(snatch, event.server)
end)
