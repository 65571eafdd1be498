--- Starts the servers that should run, stops those that should not, and moves those that should be elsewhere.

needs { "power", "storage" }

local recover = require "muster.recover"
local stop = require "muster.stop"
local move = require "muster.move"

on("server.wanted", { key = "server" }, function(event)
  recover(event.server, { prefer = event.data.machine })   -- a machine that has become free, if that is why
end)

on("server.unwanted", { key = "server" }, function(event)
  stop(event.server)
end)

on("server.move", { key = "server" }, function(event)
  move(event.server, event.data.to)
end)
