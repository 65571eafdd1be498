--- The only hook of its fleet, so that nobody puts right what it does wrong: it takes a server from machine to machine on evidence that
--- counts no more. The engine must refuse each time.

needs { "power", "storage" }

local function free()
  for _, machine in ipairs(resources.list()) do
    if machine.state == "off" and not machine.server then return machine end
  end
  error("no machine is free")
end

on("server.wanted", { key = "server" }, function(event)
  if event.data.why ~= "its target was set" then return end
  local server = event.server
  local first = server:claim(free()).resource
  first:power_on()
  server:try_wait_ready()
  sleep("2m")
  -- There and back, each time on fresh evidence; then on once more, on none.
  first:refresh():power_off()
  local second = server:refresh():claim(free()).resource
  second:power_off()
  server:refresh():claim(first:refresh())
  pcall(function() server:refresh():claim(free()) end)
  -- Off and on again, and away as if it were off.
  local machine = resources.get(server:refresh().resource)
  machine:power_off()
  machine:refresh():power_on()
  sleep("1m")
  pcall(function() server:refresh():claim(free()) end)
end)
