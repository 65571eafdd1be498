--- Stops a server: shuts its machine down, sees it off, and gives the claim back.
--
--     local stop = require "muster.stop"
--     stop(server)                          -- the machine gets 60 s to shut down by itself
--     stop(server, { patience = 10 })       -- seconds; after them it is switched off

return function(server, options)
  server = server:refresh()
  if not server.resource then return end
  local machine = resources.get(server.resource)
  -- One that failed hears no order to shut down by itself.
  if machine.state ~= "failed" and machine:read_power() == "on" then
    machine:try_shut_down()
    local deadline = now() + (options and options.patience or 60)
    while machine:read_power() ~= "off" and now() < deadline do sleep("1s") end
  end
  machine:refresh():power_off()
  server:release()
end
