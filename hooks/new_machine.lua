--- Greets a machine that booted from the network and is in no fleet.lua.
--
-- It is announced as the event user.new_machine with the lines that would declare it; with a mail or a web hook too, when notification.lua
-- is told of a receiver. It is left on, so that it can be looked at; with
--
--     policy "new_machine" { power_off = true }
--
-- it is shut down again, which works as soon as it has a BMC in fleet.lua.
-- Settings: `power_off` (false), `after` ("5m": how long it may wait for somebody). Events: user.new_machine. Needs: power.

needs { "power" }

on("resource.discovered", { key = "resource", name = "new_machine" }, function(event)
  local machine = event.resource
  if not machine then return end                           -- it was declared, or is gone already
  local mac = event.data.mac
  events.emit("user.new_machine", {
    machine = machine.name, mac = mac, memory_mib = event.data.memory_mib, cpus = event.data.cpus,
    declare = ('host "%s" { mac = "%s", memory = "%dM", cpus = %d }'):format(machine.name, mac, event.data.memory_mib, event.data.cpus),
  })
  local told = policy "new_machine"
  if not (told and told.power_off) then return end
  sleep(told.after or "5m")
  for _, found in ipairs(resources.list()) do
    -- It may have got its name, its BMC and something to do meanwhile.
    for _, card in ipairs(found.macs) do
      if card == mac and found.state == "idle" and found.has_bmc and not found.reserved_by then
        found:try_shut_down()
        sleep("20s")
        found = found:refresh()
        if found.state == "idle" then found:power_off() end
        return
      end
    end
  end
end)
