--- Starts servers that should run.

needs { "power", "storage" }

local recover = require "muster.recover"

on("server.wanted", { key = "server" }, function(event) recover(event.server) end)
