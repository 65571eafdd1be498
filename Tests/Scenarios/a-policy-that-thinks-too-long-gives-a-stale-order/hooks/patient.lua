--- Gives a failed machine a minute before it fences.

needs { "power", "storage" }

local recover = require "muster.recover"

on("resource.failed", { key = "resource" }, function(event)
  local servers = event.resource:servers()
  sleep("1m")
  event.resource:fence()
  for _, server in ipairs(servers) do recover(server) end
end)
