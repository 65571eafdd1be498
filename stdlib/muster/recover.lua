--- Brings a server up: place, claim, boot, wait.
--
--     local recover = require "muster.recover"
--     recover(server)                       -- returns the machine it runs on, or raises
--     recover(server, { attempts = 5 })     -- how many machines to try (default 3)
--
-- A server that still has a machine keeps it while that machine lives; a machine that failed is fenced first. A machine on which
-- the server does not become ready is proven off before the next one is tried.

local placement = require "muster.placement"

-- A claimed machine boots its plan when it powers on; an idle one restarts by itself, as its heartbeat's answer tells it.
local function boot_up(resource)
  if resource.state == "idle" or resource.state == "active" then return end
  if resource.power ~= "off" then resource:power_off() end
  resource:refresh():power_on()
end

-- Tries one machine: true when the server is ready on it. What does not start is proven off, and its claim given back.
local function start_on(server, target)
  local claim
  local started, problem = pcall(function()
    -- Nobody switches it off meanwhile; whoever keeps it for less than a recovery gives way.
    local held <close> = reserve({ target }, { priority = 100, timeout = "30s" })
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
  -- In maintenance it goes on with what it has.
  local lives = machine.state == "maintenance" and machine.power ~= "off"
  if lives or machine.state == "active" or machine.state == "starting" or machine.state == "suspect" then
    if server:try_wait_ready() then return true end
    machine:refresh():power_off()
  elseif machine.state ~= "fenced" then
    machine:fence()
  end
  return false
end

return function(server, options)
  local tried = {}
  for _ = 1, options and options.attempts or 3 do
    server = server:refresh()
    if keep(server) then return resources.get(server.resource) end
    local found, refused = placement.candidates(server, tried)
    local target = found[1]
    if not target then
      for name, reason in pairs(refused) do tried[name] = "was refused: " .. reason end
      break
    end
    local started, problem = start_on(server, target)
    if started then return target:refresh() end
    tried[target.name] = "was tried: " .. tostring(problem)
  end
  error({
    code = "no_capacity",
    message = "no machine can run " .. server.name .. ": " .. placement.explain(server, tried),
    hint = "free or add a machine that fits, then: muster server start " .. server.name,
  })
end
