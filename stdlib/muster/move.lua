--- Moves a server to another machine: stops it where it is, and starts it there.
--
--     local move = require "muster.move"
--     move(server, "node2")                 -- returns the machine it runs on then, or raises
--     move(server)                          -- wherever it suits best
--     move(server, "node2", { patience = 10 })   -- seconds for the machine to shut down by itself
--
-- What cannot run where it should go stays where it is: that is looked at before anything is stopped. A server that then does not become
-- ready there is started where it can be, on the machine that it left if no other is there.

local placement = require "muster.placement"
local recover = require "muster.recover"
local stop = require "muster.stop"

local function refuse(server, message)
  error({ code = "no_capacity", message = server.name .. " stays where it is: " .. message, hint = "free or add a machine that fits" })
end

return function(server, to, options)
  server = server:refresh()
  local from = server.resource
  if to and to == from then return resources.get(from) end
  if to then
    local target = resources.get(to)
    if not target then refuse(server, "there is no machine " .. to) end
    local objection = server:objection(target)
    if objection then refuse(server, to .. " " .. objection) end
  elseif not placement.candidates(server)[1] then
    refuse(server, server:why_not())
  end
  if from then stop(server, options) end
  return recover(server, { prefer = to, avoid = from })
end
