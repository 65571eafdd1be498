--- Tries every machine's fence ladder before the night does.
--
-- what      Every six hours each rung of each declared machine is tried without harm: a BMC is read, a fence agent is asked for the status,
--           the export of its image has to be alive.
-- why       A controller that nobody has needed for a year is found to be dead at the worst of times.
-- settings  The rungs are those of `fence = { … }` in fleet.lua; how often is said below.
-- events    Raises `fence.unready` when no rung of a machine works, with the reasons, and `fence.ready` when one does again. Both are
--           lines in `muster status` as well; `muster fence --check` tries them now.
-- needs     Nothing: it switches nothing.

needs {}

every("6h", { name = "fence_check" }, function()
  local looks = {}
  for _, machine in ipairs(resources.list()) do
    if machine.declared then looks[#looks + 1] = function() machine:try_check_fence() end end
  end
  if #looks > 0 then all(looks) end
end)
