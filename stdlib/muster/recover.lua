--- Brings a server up: place, claim, boot, wait.
--
--     local recover = require "muster.recover"
--     recover(server)                       -- returns the machine it runs on, or raises
--     recover(server, { attempts = 5 })     -- how many machines to try (default 3)
--     recover(server, { prefer = "node2", avoid = "node1" })   -- which machine to try first, and which only if there is no other
--
-- A server that still has a machine keeps it while that machine lives; a machine that failed is fenced first. A machine on which
-- the server does not become ready is proven off before the next one is tried. While there are too few machines for all that look for
-- one, servers of higher priority go first, and the engine calls again for those that found none as soon as a machine becomes free.

local placement = require "muster.placement"

-- A claimed machine boots its plan when it powers on; an idle one restarts by itself, as its heartbeat's answer tells it.
local function boot_up(resource)
  if resource.state == "idle" or resource.state == "active" then return end
  if resource.power ~= "off" then resource:power_off() end
  resource:refresh():power_on()
end

-- Tries one machine: true when the server is ready on it. What does not start is proven off, and its claim given back.
local function start_on(server, target, reservation)
  local held <close> = reservation
  local claim
  local started, problem = pcall(function()
    claim = server:claim(target)
    boot_up(claim.resource)
    server:wait_ready()
  end)
  if started then return true end
  log(server, "did not start on", target, "-", problem)
  if claim and server:refresh().epoch == claim.epoch then   -- another run may have taken it over
    target:refresh():power_off()
    server:release()
  end
  return false, problem
end

-- What the server has now: true when it runs there, else its machine is out of the way.
local function keep(server)
  local machine = server.resource and resources.get(server.resource)
  if not machine then return false end
  -- In maintenance it goes on with what it has; its own word counts for more than a controller's that may be cabled to another machine.
  local lives = machine.state == "maintenance" and (machine.power ~= "off" or machine.liveness == "alive")
  if lives or machine.state == "active" or machine.state == "starting" or machine.state == "suspect" then
    if server:try_wait_ready() then return true end
    machine:refresh():power_off()
  elseif machine.state ~= "fenced" then
    machine:fence()
  end
  return false
end

return function(server, options)
  options = options or {}
  local tried, attempts = {}, options.attempts or 3
  for _ = 1, attempts do
    server = server:refresh()
    if keep(server) then return resources.get(server.resource) end
    -- A reservation of less than a recovery gives way.
    local found = placement.reserve(server, { except = tried, prefer = options.prefer, avoid = options.avoid, priority = 100 })
    if not found.machine then
      for name, reason in pairs(found.refused or {}) do tried[name] = "was refused: " .. reason end
      error({
        code = "no_capacity",
        message = "no machine can run " .. server.name .. ": " .. (found.waits and "others keep those that could; " or "") .. server:why_not { except = tried },
        hint = "free or add a machine that fits: it is placed there at once",
      })
    end
    local started, problem = start_on(server, found.machine, found.held)
    if started then return found.machine:refresh() end
    tried[found.machine.name] = "was tried: " .. tostring(problem)
  end
  error({
    code = "not_started",
    message = server.name .. " did not become ready on any of " .. attempts .. " machines: " .. server:why_not { except = tried },
    hint = "look at its image and its readiness check, then: muster server start " .. server.name,
  })
end
