--- Moves a machine's servers to others when it is taken out of use.
--
-- what      `muster maintenance node2 on` alone places nothing new on a machine. With this hook told to drain, what runs there is stopped in
--           order and started elsewhere, that of its virtual machines first, and the machine ends up off.
-- why       So that nobody has to remember which servers a machine has before they pull its plug.
-- settings  `policy "maintenance" { drain = true, patience = 60 }` in fleet.lua; rests until then. `patience` is how many seconds a system
--           has to shut down by itself.
-- events    A server that no other machine can run stays where it is, and is `user.not_drained` with the reason; mail or a web hook tell of
--           it when notification.lua has a receiver.
-- needs     Power and storage.

needs { "power", "storage" }

local carried = require "muster.carried"
local move = require "muster.move"

on("resource.maintenance", { key = "resource", name = "maintenance", policy = "maintenance" }, function(event)
  local told = policy "maintenance"
  if not told.drain or not event.resource then return end
  for _, server in ipairs(carried(event.resource)) do
    local moved, problem = pcall(move, server, nil, { patience = told.patience })
    if not moved then
      local reason = type(problem) == "table" and problem.message or tostring(problem)
      events.emit("user.not_drained", { machine = event.resource.name, server = server.name, reason = reason })
    end
  end
end)
