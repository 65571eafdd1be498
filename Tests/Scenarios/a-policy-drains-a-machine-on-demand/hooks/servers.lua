--- Starts and stops servers.

needs { "power", "storage" }

local recover = require "muster.recover"
local stop = require "muster.stop"

on("server.wanted", { key = "server" }, function(event) recover(event.server) end)
on("server.unwanted", { key = "server" }, function(event) stop(event.server) end)
