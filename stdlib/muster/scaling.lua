--- Starts more servers of a pool when load rises, and stops them when it falls.
--
--     local scale = require "muster.scaling"
--     local did = scale { pool = "web", min = 1, max = 3, up = 0.7, down = 0.3, cooldown = "5m" }
--     log("web:", did.running, "run,", did.action)
--
-- Call it from a timer: `every("1m", function() scale { … } end)`. The file declares `needs { "servers" }`, and `"http"` for metrics of
-- the web. The pool is the servers that `fleet.lua` gives `pool = "web"`; the next to start is the first one that is stopped, by priority
-- and name, the next to stop the last one. Starting and stopping is `server:start()` and `server:stop()`: the hook of `server.wanted` wakes
-- a machine by IPMI, that of `server.unwanted` switches it off and sees it off.
--
-- | option | meaning |
-- | --- | --- |
-- | `metric` | what is looked at: `"load"` (default; mean load for each CPU of the machines that run the pool), `{ url = …, metric = …, labels = … }` (as of `metrics.prometheus`, divided by the servers that run), or a function of the pool's name and the number that run |
-- | `up`, `down` | above `up` more servers are started, below `down` some are stopped; between them nothing happens |
-- | `min`, `max` | how many run at least (1) and are wanted at most (all of the pool) |
-- | `step` | how many at once (1) |
-- | `cooldown` | how long nothing more is decided after that (`"5m"`); it is remembered over engine restarts. Only `min` and `max` do not wait for it |
-- | `spare` | as many machines that fit, idle or off, stay for failovers when load asks for more (1) |
--
-- A server that is blocked does not count as running, and is the first to be given up. While one of the pool is on its way, up or down, and
-- while a server elsewhere looks for a machine, load starts nothing. A metric that cannot be read changes nothing: it is the event
-- `user.scaling_failed` once, until it is read again. What was decided is the event `user.scaled`.

local placement = require "muster.placement"

local units = { ms = 0.001, s = 1, m = 60, h = 3600, d = 86400 }

local function wrong(message, hint) error({ code = "bad_argument", message = "scale: " .. message, hint = hint }, 0) end

local function seconds(value)
  if type(value) == "number" and value >= 0 then return value end
  local total, rest = 0, tostring(value)
  while rest ~= "" do
    local number, unit, after = rest:match("^([%d.]+)(%a+)(.*)$")
    if not units[unit] or not tonumber(number) then wrong("cooldown is " .. tostring(value) .. ", not a duration", 'cooldown = "5m"') end
    total, rest = total + tonumber(number) * units[unit], after
  end
  return total
end

local function count(options, field, default, least)
  local value = options[field]
  if value == nil then value = default end
  if math.type(value) ~= "integer" or value < least then wrong(field .. " is " .. tostring(value) .. ", not a number from " .. least, field .. " = " .. default) end
  return value
end

local known = { pool = 1, metric = 1, min = 1, max = 1, up = 1, down = 1, cooldown = 1, step = 1, spare = 1 }

local function settings(options)
  if type(options) ~= "table" or type(options.pool) ~= "string" then wrong("pool is missing", 'scale { pool = "web", up = 0.7, down = 0.3 }') end
  for name in pairs(options) do
    if not known[name] then wrong("there is no option \"" .. tostring(name) .. "\"", "the options are in the head of muster/scaling.lua") end
  end
  local up, down = options.up, options.down
  if type(up) ~= "number" or type(down) ~= "number" or down >= up then wrong("up and down are two numbers, down the smaller one", "up = 0.7, down = 0.3") end
  return up, down, seconds(options.cooldown or "5m")
end

-- The servers of a pool, first to start first: which are wanted and where they are on their way.
local function look(pool)
  local seen = { wanted = {}, stopped = {}, running = 0, good = 0, moving = 0, blocked = {}, looking = 0, size = 0 }
  for _, server in ipairs(servers.list { looking = true }) do
    if server.pool ~= pool and (server.state == "placing" or server.state == "blocked") then seen.looking = seen.looking + 1 end
  end
  for _, server in ipairs(servers.list { pool = pool }) do
    seen.size = seen.size + 1
    if server.target == "running" then
      seen.wanted[#seen.wanted + 1] = server
      if server.state == "blocked" then seen.blocked[#seen.blocked + 1] = server else seen.good = seen.good + 1 end
      if server.state == "running" then seen.running = seen.running + 1 end
    elseif server.state == "stopped" then
      seen.stopped[#seen.stopped + 1] = server
    end
    if server.state ~= "running" and server.state ~= "stopped" and server.state ~= "blocked" then seen.moving = seen.moving + 1 end
  end
  if seen.size == 0 then wrong("no server has pool = \"" .. pool .. "\"", 'server "web1" { pool = "' .. pool .. '", … }') end
  return seen
end

local function measure(metric, pool, running)
  if metric == nil or metric == "load" then return metrics.load(pool) end
  if type(metric) == "function" then return metric(pool, running) end
  if type(metric) == "table" then return metrics.prometheus(metric) / math.max(1, running) end
  wrong("metric is a " .. type(metric), 'metric = "load", a table for metrics.prometheus, or a function')
end

-- A script has no later runs that it could tell anything.
local function keep(key, value) pcall(remember, key, value) end

-- The metric, or nil: its failure is told once.
local function read(options, seen)
  local key = "scaling:" .. options.pool .. ":failed"
  local fine, value = pcall(measure, options.metric, options.pool, seen.running)
  if fine and (value == nil or type(value) == "number" and value == value) then
    if recall(key) then keep(key, nil) end
    return value
  end
  local problem = fine and "the metric is " .. tostring(value) .. ", not a number" or type(value) == "table" and value.message or tostring(value)
  if not recall(key) then
    keep(key, problem)
    log(options.pool, "is not scaled, its metric cannot be read:", problem)
    events.emit("user.scaling_failed", { pool = options.pool, problem = problem })
  end
end

return function(options)
  local up, down, cooldown = settings(options)
  local pool, step, spare = options.pool, count(options, "step", 1, 1), count(options, "spare", 1, 0)
  local seen = look(pool)
  local least = count(options, "min", 1, 0)
  local most = math.max(least, count(options, "max", seen.size, 0))
  local key = "scaling:" .. pool

  local function decided(action, changed, why)
    if #changed == 0 then return { action = action, running = seen.running, servers = {} } end
    keep(key, now())
    log(pool .. ":", action, table.concat(changed, ", "), "-", why)
    events.emit("user.scaled", { pool = pool, action = action, servers = table.concat(changed, " "), why = why })
    return { action = action, running = seen.running, servers = changed }
  end

  local function start(number, why)
    local changed = {}
    for _, server in ipairs(seen.stopped) do
      if #changed >= number or #seen.wanted + #changed >= most then break end
      server:start()
      changed[#changed + 1] = server.name
    end
    return decided("up", changed, why)
  end

  -- Those that do not run first, then the last ones.
  local function stop(number, why)
    local changed, order = {}, {}
    for i = #seen.blocked, 1, -1 do order[#order + 1] = seen.blocked[i] end
    for i = #seen.wanted, 1, -1 do
      if seen.wanted[i].state ~= "blocked" then order[#order + 1] = seen.wanted[i] end
    end
    for i = 1, math.min(number, #order) do
      order[i]:stop()
      changed[i] = order[i].name
    end
    return decided("down", changed, why)
  end

  if #seen.wanted > most then return stop(#seen.wanted - most, "at most " .. most) end
  if seen.good < least then return start(least - seen.good, "at least " .. least) end
  local last = recall(key)
  if last and now() - last < cooldown then return decided("cooling", {}) end
  if seen.moving > 0 then return decided("waiting", {}) end

  local value = read(options, seen)
  if value == nil then return decided("unknown", {}) end
  local shown = ("%.3g"):format(value)
  if value > up and seen.good < most then
    local free = 0
    if seen.stopped[1] then free = #placement.candidates(seen.stopped[1], { limit = seen.looking + spare + step }) - seen.looking - spare end
    if free <= 0 then return decided("short", {}) end
    return start(math.min(step, free), shown .. " is above " .. up)
  end
  if value < down and seen.good > least then
    local rest = seen.good - math.min(step, seen.good - least)
    -- What is spread over fewer would be too much for them: they would be started again at once.
    if options.metric == nil or options.metric == "load" then
      if rest > 0 and value * seen.good / rest > up then return decided("steady", {}) end
    end
    return stop(#seen.blocked + seen.good - rest, shown .. " is below " .. down)
  end
  return decided("steady", {})
end
