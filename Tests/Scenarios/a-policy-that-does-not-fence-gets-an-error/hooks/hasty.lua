--- Moves the servers of a failed machine, and forgets to fence it.

needs { "power", "storage" }

on("resource.failed", { key = "resource" }, function(event)
  for _, server in ipairs(event.resource:servers()) do
    server:claim(resources.get("node2"))
    resources.get("node2"):power_on()
  end
end)
