--- Brings a server up: place, claim, boot, wait.
--
--     local recover = require "muster.recover"
--     recover(server)                       -- returns the machine it runs on, or raises
--     recover(server, { attempts = 5 })     -- how many machines to try (default 3)
--     recover(server, { prefer = "node2", avoid = "node1" })   -- which machine to try first, and which only if there is no other
--
-- A server that still has a machine keeps it while that machine lives; a machine that failed is fenced first. A machine on which
-- the server does not become ready is proven off before the next one is tried. While there are too few machines for all that look for
-- one, servers of higher priority go first.

local placement = require "muster.placement"

-- A claimed machine boots its plan when it powers on; an idle one restarts by itself, as its heartbeat's answer tells it.
local function boot_up(resource)
  if resource.state == "idle" or resource.state == "active" then return end
  if resource.power ~= "off" then resource:power_off() end
  resource:refresh():power_on()
end

-- How many servers of higher priority look for a machine at this moment, or will in the next, and could use one of these.
local function ahead(server, found)
  local count, states = 0, nil
  for _, other in ipairs(servers.list()) do                 -- by priority
    if other.priority <= server.priority then break end
    if not states then
      states = {}
      for _, machine in ipairs(resources.list()) do states[machine.name] = machine.state end
    end
    local looks = other.state == "placing" or other.state == "running" and states[other.resource] == "suspect"
    for _, machine in ipairs(looks and found or {}) do
      if not placement.objection(other, machine) then
        count = count + 1
        break
      end
    end
  end
  return count
end

-- The same machines, with the one that is preferred first and the one to avoid last.
local function ordered(found, options)
  local first, rest, last = {}, {}, {}
  for _, machine in ipairs(found) do
    local place = machine.name == options.prefer and first or machine.name == options.avoid and last or rest
    place[#place + 1] = machine
  end
  for _, others in ipairs { rest, last } do
    for _, machine in ipairs(others) do first[#first + 1] = machine end
  end
  return first
end

-- The machines for a server, once there are more than those of higher priority need, or these have found theirs.
local function candidates(server, tried, options)
  local deadline = now() + 90
  while true do
    local found, refused = placement.candidates(server, tried)
    if #found == 0 or #found > ahead(server, found) or now() >= deadline then return ordered(found, options), refused end
    sleep("1s")
  end
end

-- Keeps the best machine that nobody else keeps, so that nobody switches it off meanwhile; the last one is worth waiting for. Whoever
-- keeps one for less than a recovery gives way.
local function take(server, found)
  for index, machine in ipairs(found) do
    local free, held = pcall(reserve, { machine }, { priority = 100, timeout = index < #found and "100ms" or "30s" })
    if free then
      machine = machine:refresh()
      if not placement.objection(server, machine) then return machine, held end
      held:release()
    end
  end
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
  local tried = {}
  for _ = 1, options.attempts or 3 do
    server = server:refresh()
    if keep(server) then return resources.get(server.resource) end
    local found, refused = candidates(server, tried, options)
    if #found == 0 then
      for name, reason in pairs(refused) do tried[name] = "was refused: " .. reason end
      break
    end
    local target, held = take(server, found)
    if target then                                          -- else others were faster: look again
      local started, problem = start_on(server, target, held)
      if started then return target:refresh() end
      tried[target.name] = "was tried: " .. tostring(problem)
    end
  end
  error({
    code = "no_capacity",
    message = "no machine can run " .. server.name .. ": " .. placement.explain(server, tried),
    hint = "free or add a machine that fits, then: muster server start " .. server.name,
  })
end
