-- Proves the shipped check of the fence ladders: muster test hooks

fleet [[
  settings { quiet_time = "5s" }
  boot_network { interface = "lab0", address = "10.77.0.1/24", files = "/nowhere" }
  for i = 1, 3 do
    host("node" .. i) {
      mac = "52:54:00:77:00:0" .. i, memory = "8G", cpus = 4,
      bmc = { address = "bmc" .. i, user = "admin", password = secret("bmc/node" .. i) },
      fence = { "bmc", agent "fence_apc" { ip = "apc", plug = i } },
    }
  end
]]
hooks "."

it("says nothing while a rung of each machine works", function()
  sim.bmc("node1"):silent()
  sim.agent("node2", "silent")
  sim.run "13h"
  expect(runs.count { hook = "fence_check", status = "done" }):to_be(2)
  expect("fence.unready").never:to_have_happened()
  expect(resources.get("node1").fence_ready):to_be(true)
end)

it("tells of a machine that nothing could fence, once, and when something can again", function()
  sim.bmc("node1"):silent()
  sim.agent("node1", "silent")
  sim.run "13h"
  expect("fence.unready"):to_have_happened { resource = "node1", times = 1 }
  expect(events.last("fence.unready").data.reasons):to_contain("does not answer")
  expect(resources.get("node1").fence_ready):to_be(false)
  expect(resources.get("node2").fence_ready):to_be(true)

  sim.agent("node1", "answers")
  sim.run "6h"
  expect("fence.ready"):to_have_happened { resource = "node1", times = 1 }
  expect(resources.get("node1").fence_ready):to_be(true)
end)

it("switches nothing", function()
  sim.run "7h"
  expect(sim.orders.last("node1")):to_be(nil)
  expect("node1"):to_be_off()
end)
