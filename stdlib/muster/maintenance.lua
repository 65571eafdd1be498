--- Takes a machine out of use, with its servers moved to others, and returns it.
--
--     local maintenance = require "muster.maintenance"
--     maintenance.drain(resources.get("node1"))             -- stops what it runs, starts it elsewhere
--     maintenance.drain(resources.get("node2"), { duration = "2h" })   -- the same, and after two hours it is in use again by itself
--     maintenance.restore(resources.get("node1"))           -- it may run servers again
--
-- What its virtual machines run goes first: without it they are nothing.
-- A server that finds no other machine is started again where it was, and the machine stays in use: the error says why.

local carried = require "muster.carried"
local placement = require "muster.placement"
local recover = require "muster.recover"
local stop = require "muster.stop"

local maintenance = {}

function maintenance.drain(machine, options)
  local leaving = carried(machine:refresh())
  for _, server in ipairs(leaving) do
    if not placement.candidates(server)[1] then
      error({
        code = "no_capacity",
        message = machine.name .. " stays in use, no other machine can run " .. server.name .. ": " .. server:why_not(),
        hint = "free or add a machine that fits",
      })
    end
  end
  -- From here on placement leaves it out; what goes wrong brings it back into use.
  machine = machine:set_mode("maintenance", { duration = options and options.duration })
  local undo <close> = setmetatable({ machine = machine }, {
    __close = function(self) if self.machine then self.machine:set_mode("active") end end,
  })
  for _, server in ipairs(leaving) do
    stop(server, options)
    local moved, problem = pcall(recover, server)
    if not moved then
      undo.machine = nil
      machine:refresh():set_mode("active")
      recover(server)
      error(problem, 0)
    end
  end
  undo.machine = nil
  return machine:refresh()
end

function maintenance.restore(machine)
  return machine:set_mode("active")
end

return maintenance
