--- The servers that go down with a machine: those of its virtual machines first, then its own.
--
--     local carried = require "muster.carried"
--     for _, server in ipairs(carried(resources.get("node1"))) do log(server, "needs it") end

return function(machine)
  local found = {}
  for _, name in ipairs(machine.guests or {}) do
    for _, server in ipairs(resources.get(name):servers()) do found[#found + 1] = server end
  end
  for _, server in ipairs(machine:servers()) do found[#found + 1] = server end
  return found
end
