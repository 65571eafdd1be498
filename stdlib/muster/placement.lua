--- Chooses the machine for a server.
--
-- A machine is a candidate when it has the memory, CPUs and tags that the server needs, runs nothing, is in use (not in maintenance),
-- has a BMC by which it can be woken and fenced, and is ready to take work: `idle` (booted, waiting) or `off`. Machines that no run
-- keeps for itself come first, then idle ones, then the smallest that fits, so that large machines stay free for large servers.
--
--     local placement = require "muster.placement"
--     for _, machine in ipairs(placement.candidates(server)) do log(machine, "could run", server) end
--     log(placement.explain(server))        -- why the others can not

local placement = {}

local rank = { idle = 1, off = 2 }

local function has_tags(resource, tags)
  local has = {}
  for _, tag in ipairs(resource.tags) do has[tag] = true end
  for _, tag in ipairs(tags) do
    if not has[tag] then return false end
  end
  return true
end

--- Why a machine cannot take a server, as text; nil when it can.
function placement.objection(server, resource)
  if resource.server then return "runs " .. resource.server end
  if not rank[resource.state] then return "is " .. resource.state end
  if not resource.has_bmc then return "has no BMC, so nobody could fence it" end
  if resource.memory_mib < server.memory_mib then
    return "has " .. resource.memory_mib .. " of " .. server.memory_mib .. " MiB"
  end
  if resource.cpus < server.cpus then return "has " .. resource.cpus .. " of " .. server.cpus .. " CPUs" end
  if not has_tags(resource, server.tags) then return "lacks a tag of " .. table.concat(server.tags, ", ") end
end

-- All machines; those that nobody has looked at yet are looked at now, side by side: a controller that does not answer takes its time.
local function machines()
  local found, looks = resources.list(), {}
  for _, resource in ipairs(found) do
    if resource.state == "unknown" and resource.power == "unknown" and resource.has_bmc and not resource.bmc_fault then
      looks[#looks + 1] = function() resource:try_read_power() end
    end
  end
  if #looks == 0 then return found end
  all(looks)
  return resources.list()
end

-- What `decide("place")` hooks say of the candidates.
local function judged(server, found)
  if #found == 0 then return found, {} end
  local verdicts = server:verdicts(found)
  local kept, refused = {}, {}
  local function score(resource) return verdicts[resource.name] and verdicts[resource.name].score or 0 end
  for _, resource in ipairs(found) do
    local veto = verdicts[resource.name] and verdicts[resource.name].veto
    if veto then refused[resource.name] = veto else kept[#kept + 1] = resource end
  end
  table.sort(kept, function(a, b) return score(a) > score(b) end)   -- stable: equal ones stay as they were
  return kept, refused
end

--- The machines that can take a server, best first, and those that a `decide("place")` hook refused, by name with its reason. Names in
-- `tried` are left out. A hook's scores come first, higher ones before lower ones; without any the order is as above.
function placement.candidates(server, tried)
  local found = {}
  for _, resource in ipairs(machines()) do
    if not (tried and tried[resource.name]) and placement.objection(server, resource) == nil then
      found[#found + 1] = resource
    end
  end
  table.sort(found, function(a, b)
    if (a.reserved_by == nil) ~= (b.reserved_by == nil) then return a.reserved_by == nil end
    if rank[a.state] ~= rank[b.state] then return rank[a.state] < rank[b.state] end
    if a.memory_mib ~= b.memory_mib then return a.memory_mib < b.memory_mib end
    return a.name < b.name
  end)
  return judged(server, found)
end

--- One line for each machine that cannot take a server.
function placement.explain(server, tried)
  local lines = {}
  for _, resource in ipairs(resources.list()) do
    local objection = tried and tried[resource.name] or placement.objection(server, resource)
    if objection then lines[#lines + 1] = resource.name .. " " .. objection end
  end
  return table.concat(lines, "; ")
end

return placement
