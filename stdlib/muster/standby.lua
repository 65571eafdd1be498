--- Keeps a few idle machines booted, and lets the others sleep.
--
--     local standby = require "muster.standby"
--     standby.keep { spare = 1 }                                -- one machine waits, ready to take over at once
--     standby.keep { spare = 2, tags = { "web" }, after = "30m" }
--
-- Call it from a timer: `every("1m", function() standby.keep { spare = 1 } end)`. The file declares `needs { "power" }`.
--
-- While fewer than `spare` machines wait, the smallest one that sleeps is switched on by its BMC. While more wait, those that have waited
-- for longer than `after` (default `"15m"`), longest first, are shut down; a machine that does not listen within `patience` (default
-- `"20s"`) is switched off; either way its BMC must read off. With `tags` it is about the machines that have all of them.
--
-- It touches no machine that runs a server, carries virtual machines, is in maintenance, reserved by another run, failed, not declared,
-- without a BMC, or whose BMC does not answer; a recovery that wants a machine takes it from here. Virtual machines are created when they
-- are needed: none is kept as a spare, and those that have waited for longer than `after` are ended, so that their hypervisor has its memory
-- back. It returns the names of the machines that it switched on and off.

local standby = {}

local units = { ms = 0.001, s = 1, m = 60, h = 3600, d = 86400 }

-- A duration in seconds, of one number and unit or several.
local function seconds(value, field)
  if type(value) == "number" and value >= 0 then return value end
  local total, rest = 0, tostring(value)
  while rest ~= "" do
    local number, unit, after = rest:match("^([%d.]+)(%a+)(.*)$")
    if not units[unit] or not tonumber(number) then
      error({ code = "bad_argument", message = "standby.keep: " .. field .. " is " .. tostring(value) .. ", not a duration", hint = field .. ' = "15m"' }, 0)
    end
    total, rest = total + tonumber(number) * units[unit], after
  end
  return total
end

local function has_tags(machine, tags)
  local has = {}
  for _, tag in ipairs(machine.tags) do has[tag] = true end
  for _, tag in ipairs(tags) do
    if not has[tag] then return false end
  end
  return true
end

-- The machines that may be switched, by state, and the virtual ones that wait.
local function ours(tags)
  local found = { idle = {}, off = {}, starting = {}, guests = {} }
  for _, machine in ipairs(resources.list()) do
    local list, is_guest = found[machine.state], machine.kind == "vm"
    if is_guest then list = machine.state == "idle" and found.guests or nil end
    local is_free = not machine.server and not machine.guests and (is_guest or machine.has_bmc)
    if list and machine.declared and is_free and has_tags(machine, tags) then list[#list + 1] = machine end
  end
  return found
end

local function may_switch(machine) return not machine.reserved_by and not machine.bmc_fault end

-- When each machine that waits began to, as far as it was seen; what is known is kept from one run to the next.
local function waiting_since(machines, key)
  local known, since, changed = recall(key) or {}, {}, false
  for _, group in ipairs { machines.idle, machines.guests } do
    for _, machine in ipairs(group) do
      local last = known[machine.name]
      local same = last and last.boot == machine.boot_id
      since[machine.name] = same and last or { boot = machine.boot_id, at = now() }
      changed = changed or not same
    end
  end
  for name in pairs(known) do changed = changed or not since[name] end
  -- A script has no later runs: what it sees idle for the first time is left alone.
  if changed then pcall(remember, key, since) end
  return since
end

-- Keeps a machine that nobody else keeps; whoever recovers a server goes first.
local function take(machine)
  local free, held = pcall(reserve, { machine }, { priority = 10, timeout = "100ms" })
  return free and held or nil
end

local function wake(machine)
  local held <close> = take(machine)
  if not held then return false end
  machine = machine:refresh()
  if machine.state ~= "off" then return false end
  local _, problem = machine:try_power_on()
  if problem then log(machine, "does not wake up -", problem) end
  return not problem
end

local function put_to_sleep(machine, patience)
  local held <close> = take(machine)
  if not held then return false end
  machine = machine:refresh()
  if machine.state ~= "idle" then return false end
  -- Whatever interrupts this from here on, the machine ends off, and not somewhere between.
  local undo <close> = setmetatable({ machine = machine }, {
    __close = function(self) if self.machine then self.machine:refresh():try_power_off() end end,
  })
  local _, deaf = machine:try_shut_down()
  local deadline = now() + patience
  while not deaf and now() < deadline and machine:try_read_power() == "on" do sleep("1s") end
  undo.machine = nil
  local _, problem = machine:refresh():try_power_off()
  if problem then log(machine, "does not go to sleep -", problem) end
  return not problem
end

function standby.keep(options)
  local spare, tags = options.spare or 1, options.tags or {}
  local after, patience = seconds(options.after or "15m", "after"), seconds(options.patience or "20s", "patience")
  if math.type(spare) ~= "integer" or spare < 0 then
    error({ code = "bad_argument", message = "standby.keep: spare is " .. tostring(spare) .. ", not a number of machines", hint = "spare = 1" }, 0)
  end
  local machines = ours(tags)
  local since = waiting_since(machines, "standby:" .. table.concat(tags, ","))
  local woken, slept = {}, {}

  local waiting = #machines.idle + #machines.starting
  table.sort(machines.off, function(a, b)
    if a.memory_mib ~= b.memory_mib then return a.memory_mib < b.memory_mib end
    return a.name < b.name
  end)
  for _, machine in ipairs(machines.off) do
    if waiting >= spare then break end
    if may_switch(machine) and wake(machine) then
      waiting, woken[#woken + 1] = waiting + 1, machine.name
    end
  end

  -- Only machines that wait already count here: one that starts may never come.
  local idle = #machines.idle
  table.sort(machines.idle, function(a, b)
    if since[a.name].at ~= since[b.name].at then return since[a.name].at < since[b.name].at end
    return a.name < b.name
  end)
  for _, machine in ipairs(machines.idle) do
    if idle <= spare then break end
    if now() - since[machine.name].at >= after and may_switch(machine) and put_to_sleep(machine, patience) then
      idle, slept[#slept + 1] = idle - 1, machine.name
    end
  end
  for _, guest in ipairs(machines.guests) do
    if now() - since[guest.name].at >= after and may_switch(guest) and put_to_sleep(guest, patience) then slept[#slept + 1] = guest.name end
  end
  return { woken = woken, slept = slept }
end

return standby
