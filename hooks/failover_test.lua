-- Proves the shipped failover: muster test hooks

fleet [[
  settings { quiet_time = "5s" }
  boot_network { interface = "lab0", address = "10.77.0.1/24", files = "/nowhere" }
  for i = 1, 3 do
    host("node" .. i) {
      mac = "52:54:00:77:00:0" .. i, memory = "8G", cpus = 4,
      bmc = { address = "bmc" .. i, user = "admin", password = secret("bmc/node" .. i) },
    }
  end
  image "shop" { path = "/srv/shop.raw" }
  server "shop" { image = "shop", memory = "4G", address = "10.77.0.100/24", ready = { http = "http://10.77.0.100/" } }
]]
hooks "."

local function shop_runs() return servers.get("shop").state == "running" end

local function start_shop()
  sim.server("shop"):start()
  sim.run_until(shop_runs, "5m", "a running shop")
  return servers.get("shop").resource
end

describe("a host that hangs", function()
  local home

  before_each(function()
    home = start_shop()
    sim.kill(home)
  end)

  it("is fenced, and its server starts on another machine", function()
    sim.run_until(function() return servers.get("shop").resource ~= home end, "2m", "another home of the shop")
    sim.run_until(shop_runs, "5m", "a running shop")
    sim.run "1s"

    expect(servers.get("shop").resource).never:to_be(home)
    expect("resource.fenced"):to_have_happened { resource = home, times = 1 }
    expect(home):to_be_off()
    expect(events.last("resource.fenced").data.evidence):to_be("off")
    expect(sim.orders.last(home).order):to_be("off")
    expect(runs.count { hook = "failover#1", status = "done" }):to_be(1)
  end)

  it("is fenced before anything is started elsewhere", function()
    sim.run "10m"
    local fenced, off = events.first("resource.fenced"), sim.orders.last(home)
    local placed = events.last { name = "server.running", server = "shop" }
    expect(off.elapsed):to_be_at_most(fenced.elapsed)
    expect(fenced.elapsed):to_be_less_than(placed.elapsed)
  end)
end)

describe("a hypervisor that hangs", function()
  fleet [[
    settings { quiet_time = "5s" }
    boot_network { interface = "lab0", address = "10.77.0.1/24", files = "/nowhere" }
    for i = 1, 3 do
      host("node" .. i) {
        mac = "52:54:00:77:00:0" .. i, memory = "8G",
        bmc = { address = "bmc" .. i, user = "admin", password = secret("bmc/node" .. i) },
      }
    end
    vm "guest" { hypervisor = "node1", mac = "52:54:00:77:01:01", memory = "4G" }
    image "shop" { path = "/srv/shop.raw" }
    server "shop" { image = "shop", memory = "2G", prefer = { "guest" }, avoid = { "node1" }, ready = { http = "http://10.77.0.100/" } }
  ]]

  before_each(function()
    sim.power("node1", "on")
    sim.run "1m"
    expect(start_shop()):to_be("guest")
  end)

  it("is fenced though it runs nothing itself, and what its guest ran starts elsewhere", function()
    sim.kill "node1"
    sim.run_until(function() return servers.get("shop").resource ~= "guest" and shop_runs() end, "2m", "another home of the shop")
    expect("resource.fenced"):to_have_happened { resource = "node1", times = 1 }
    expect("resource.fenced"):to_have_happened { resource = "guest", times = 1 }
    expect(events.last { name = "resource.fenced", resource = "guest" }.data.detail):to_be("its hypervisor node1 is off, as its BMC reads")
    expect("fence.rung_failed").never:to_have_happened()
  end)

  it("is left alone while a guest is heard: switched off, it would take that along", function()
    sim.power("node2", "on")
    sim.run "1m"
    sim.guest("guest", "node2")
    sim.kill "node1"
    sim.run "2m"
    expect("resource.failed"):to_have_happened { resource = "node1" }
    expect("resource.fenced").never:to_have_happened()
    expect(servers.get("shop").resource):to_be("guest")
  end)

  it("is ended with the last of its guests when only its heartbeats had stopped before", function()
    sim.heartbeat("node1", "off")
    sim.run "2m"
    expect("resource.failed"):to_have_happened { resource = "node1" }
    expect("resource.fenced").never:to_have_happened()
    sim.kill "node1"
    sim.run_until(function() return servers.get("shop").resource ~= "guest" and shop_runs() end, "1m", "another home of the shop")
    expect("resource.fenced"):to_have_happened { resource = "node1", times = 1 }
    expect(events.last { name = "resource.fenced", resource = "guest" }.data.detail):to_be("its hypervisor node1 is off, as its BMC reads")
  end)

  it("and cannot be switched off leaves its guest to that one's own ladder", function()
    sim.heartbeat("node1", "off")
    sim.run "2m"
    sim.bmc("node1"):silent()
    sim.kill "node1"
    sim.run_until(function() return servers.get("shop").resource ~= "guest" and shop_runs() end, "5m", "another home of the shop")
    expect(events.last { name = "resource.fenced", resource = "guest" }.data.evidence):to_be("revoked")
  end)

  it("is left alone while nothing of its guests is in use", function()
    sim.server("shop"):stop()
    sim.run "1m"
    sim.kill "node1"
    sim.run "2m"
    expect("resource.fenced").never:to_have_happened()
  end)
end)

describe("a BMC", function()
  for _, mood in ipairs { "silent", "lie", "refuse" } do
    it("that does not do its work (" .. mood .. ") has the export cut, and the server starts elsewhere", function()
      local home = start_shop()
      sim.bmc(home)[mood]()
      sim.kill(home)
      sim.run_until(function() return servers.get("shop").resource ~= home and shop_runs() end, "5m", "another home of the shop")
      expect(home):to_be_on()
      expect("fence.rung_failed"):to_have_happened { resource = home, times = 1 }
      expect(events.last("resource.fenced").data.evidence):to_be("revoked")
    end)
  end
end)

describe("a BMC that is the only rung", function()
  before_each(function()
    fleet([[
      settings { quiet_time = "5s" }
      boot_network { interface = "lab0", address = "10.77.0.1/24", files = "/nowhere" }
      for i = 1, 3 do
        host("node" .. i) {
          mac = "52:54:00:77:00:0" .. i, memory = "8G", cpus = 4, fence = { "bmc" },
          bmc = { address = "bmc" .. i, user = "admin", password = secret("bmc/node" .. i) },
        }
      end
      image "shop" { path = "/srv/shop.raw" }
      server "shop" { image = "shop", memory = "4G", address = "10.77.0.100/24", ready = { http = "http://10.77.0.100/" } }
    ]])
  end)

  it("and lies holds the server back until it tells the truth", function()
    local home = start_shop()
    sim.bmc(home):lie()
    sim.kill(home)
    sim.run "10m"
    expect(home):to_be_on()
    expect("shop"):to_be_blocked()
    expect("resource.fenced").never:to_have_happened()
  end)

  it("and is silent holds the server back until an operator goes and looks", function()
    local home = start_shop()
    sim.bmc(home):silent()
    sim.kill(home)
    sim.run "10m"
    expect("shop"):to_be_blocked()

    sim.power(home, "off")
    sim.confirm_off(home)
    sim.server("shop"):start()
    sim.run_until(shop_runs, "5m", "a running shop")
    expect(servers.get("shop").resource).never:to_be(home)
  end)
end)

it("says why when no machine is left", function()
  local home = start_shop()
  for _, machine in ipairs(resources.list()) do
    if machine.name ~= home then sim.maintenance(machine, "on") end
  end
  sim.kill(home)
  sim.run "10m"
  expect("shop"):to_be_blocked("no machine can run shop")
end)

it("goes on where it was when the engine dies in the middle", function()
  local home = start_shop()
  sim.kill(home)
  sim.run_until(function() return events.count("resource.fenced") > 0 end, "2m", "a fenced machine")
  sim.engine.crash "10s"
  sim.run "10m"
  expect("shop"):to_run()
  expect(servers.get("shop").resource).never:to_be(home)
  expect("resource.fenced"):to_have_happened { resource = home, times = 1 }
end)

it("does nothing while it is disarmed", function()
  local home = start_shop()
  sim.disarm()
  sim.kill(home)
  sim.run "5m"
  expect("resource.fenced").never:to_have_happened()
  expect(home):to_be_on()
end)
