--- Drains the machine that a program names.

needs { "power", "storage", "servers" }

local maintenance = require "muster.maintenance"

on("user.drain", { key = "machine" }, function(event)
  maintenance.drain(resources.get(event.data.machine))
end)
