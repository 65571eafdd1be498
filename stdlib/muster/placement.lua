--- Chooses the machine for a server.
--
-- A machine is a candidate when it has the memory, CPUs and tags that the server needs, runs nothing, is in use (not in maintenance),
-- has a BMC by which it can be woken and fenced, and is ready to take work: `idle` (booted, waiting) or `off`. A virtual machine is one as
-- long as its hypervisor is there, in use, and has the memory for it. `decide("place")` hooks veto and score them; then counts what the
-- server prefers and avoids, and how its racks are shared; then idle ones come before those that are woken, these before virtual ones that
-- are created, and the smallest that fits first, so that large machines stay free for large servers.
--
--     local placement = require "muster.placement"
--     for _, machine in ipairs(placement.candidates(server)) do log(machine, "could run", server) end
--     log(server:why_not())                 -- why the others can not
--     local found = placement.reserve(server, { patience = 60 })
--     local held <close> = found.held       -- found.machine is this run's alone until then

local placement = {}

-- A placement asked for by `ask`, once the machines that nobody has looked at yet were looked at, side by side: a controller that does
-- not answer takes its time.
local function seen(ask, options)
  local found = ask(options)
  if not found.unseen then return found end
  local looks = {}
  for index, resource in ipairs(found.unseen) do looks[index] = function() resource:try_read_power() end end
  all(looks)
  options.looked = true
  return ask(options)
end

local function copied(options)
  local copy = {}
  for name, value in pairs(options or {}) do copy[name] = value end
  return copy
end

--- The machines that can take a server, best first, and those that a hook refused, by name with its reason. Options are those of
-- `server:candidates`.
function placement.candidates(server, options)
  local found = seen(function(asked) return server:candidates(asked) end, copied(options))
  return found.machines, found.refused or {}
end

--- Keeps the best machine for a server. While all that fit are kept by others, or needed by servers of higher priority, it waits for as
-- many seconds as `patience` says (default 90). Options are those of `server:reserve` besides.
function placement.reserve(server, options)
  local asked = copied(options)
  local patience, deadline, pause = asked.patience or 90, nil, 1
  asked.patience = nil
  local function ask() return seen(function(given) return server:reserve(given) end, asked) end
  local found = ask()
  while found.waits do
    local time = now()
    deadline = deadline or time + patience
    if time >= deadline then break end
    sleep(math.min(pause, deadline - time))
    pause = math.min(pause * 2, 8)
    found = ask()
  end
  return found
end

return placement
