-- Proves how servers start and stop: muster test hooks

fleet [[
  settings { quiet_time = "5s" }
  boot_network { interface = "lab0", address = "10.77.0.1/24", files = "/nowhere" }
  for i, memory in ipairs { "2G", "8G", "16G" } do
    host("node" .. i) {
      mac = "52:54:00:77:00:0" .. i, memory = memory, cpus = 4,
      bmc = { address = "bmc" .. i, user = "admin", password = secret("bmc/node" .. i) },
    }
  end
  image "shop" { path = "/srv/shop.raw" }
  server "shop" {
    image = "shop", memory = "4G", address = "10.77.0.100/24", ready = { http = "http://10.77.0.100/" },
  }
]]
hooks "."

local function run_until(state)
  sim.run_until(function() return servers.get("shop").state == state end, "10m", "a " .. state .. " shop")
end

it("leaves alone what should not run", function()
  sim.run "1h"
  expect(servers.get("shop").state):to_be("stopped")
  expect(#sim.orders.list()):to_be(0)
end)

it("starts a server on the smallest machine that fits", function()
  sim.server("shop"):start()
  run_until "running"
  expect("shop"):to_run_on("node2")
  expect("node2"):to_be_on()
  expect("node3"):to_be_off()
end)

it("stops a server, and its machine is off", function()
  sim.server("shop"):start()
  run_until "running"
  sim.server("shop"):stop()
  run_until "stopped"
  expect("node2"):to_be_off()
  expect(resources.get("node2").server):to_be_nil()
end)

it("tries another machine when the first does not start", function()
  sim.bmc("node2"):lie()
  sim.server("shop"):start()
  run_until "running"
  expect("shop"):to_run_on("node3")
end)

it("says why when no machine is large enough", function()
  sim.maintenance("node2", "on")
  sim.maintenance("node3", "on")
  sim.server("shop"):start()
  sim.run "5m"
  expect("shop"):to_be_blocked("node1 has 2048 of 4096 MiB")
  expect(runs.last("servers#1").error.code):to_be("no_capacity")
end)

it("moves a server to the machine that it is told", function()
  sim.server("shop"):start()
  run_until "running"
  sim.server("shop"):move("node3")
  sim.run_until(function() return servers.get("shop").resource == "node3" end, "5m", "a shop on node3")
  run_until "running"
  expect(servers.get("shop")):to_run_on("node3")
end)

it("does not move a server where it does not fit", function()
  sim.server("shop"):start()
  run_until "running"
  sim.server("shop"):move("node1")
  sim.run "5m"
  expect(servers.get("shop")):to_run_on("node2")
end)
