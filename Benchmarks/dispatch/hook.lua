--- The hook of the dispatch benchmark: registers one handler, which reads an event and its resource.
local threshold = 3
local names = { power = "on", liveness = "silent" }

local function describe(event)
  return event.resource.name .. " is " .. event.kind
end

on("resource.failed", { key = "resource", retry = false }, function(event)
  local resource = event.resource
  if resource.power == names.power and resource.epoch > threshold then
    local text = describe(event)
    return event.sequence + #text
  end
  return event.sequence
end)
